// A member of a group with @platformatic/kafka whose deserializer throws on one record. It says what it did and where it is stuck; it
// leaves when its standard input ends. Arguments: bootstrap, group, topic, poison, the group's protocol.
import { Consumer } from '@platformatic/kafka'
import { setTimeout as pause } from 'node:timers/promises'

const [bootstrap, groupId, topic, poison, groupProtocol] = process.argv.slice(2)
let leaving = false

function value (bytes) {
  if (bytes.toString() === poison) throw new Error('this cannot be read')
  return bytes.toString()
}

const consumer = new Consumer({
  clientId: 'poisoned',
  bootstrapBrokers: [bootstrap],
  groupId,
  groupProtocol,
  deserializers: { value },
  ...(groupProtocol === 'classic' ? { sessionTimeout: 6000, rebalanceTimeout: 6000, heartbeatInterval: 200 } : {}),
  maxWaitTime: 50,
  autocommit: false
})
consumer.on('consumer:group:join', event => console.log('gets', JSON.stringify(event.assignments)))
process.stdin.resume()
process.stdin.on('end', async () => {
  leaving = true
  await consumer.close(true)
  process.exit(0)
})

function onCorruptedMessage (record, _topic, partition, _time, firstOffset) {
  console.log('stuck', partition, String(firstOffset + BigInt(record.offsetDelta)))
  return true
}

/** Reads until the stream ends. A loop over the stream would not see what was fetched together with the bad record. */
async function read (stream) {
  const commits = []
  await new Promise(resolve => {
    stream.on('error', error => console.log('hears', error.message))
    stream.on('close', resolve)
    stream.on('data', message => {
      console.log('did', message.partition, String(message.offset))
      commits.push(message.commit())
    })
  })
  await Promise.all(commits)
}

// A stream ends with the record that it cannot read. The member stays one, and has the next stream.
while (!leaving) {
  try {
    const topics = [topic]
    await read(await consumer.consume({ topics, mode: 'committed', fallbackMode: 'earliest', onCorruptedMessage }))
  } catch (error) {
    console.log('hears', error.message)
  }
  await pause(50)
}
