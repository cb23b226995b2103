// A member of a group with kafkajs. It reads, says so in the journal, and commits; it leaves when its standard input ends.
// Arguments: bootstrap, group, topic, journal, the member's name.
'use strict'

const fs = require('node:fs')
const { Kafka, logLevel } = require('kafkajs')

const [bootstrap, groupId, topic, path, name] = process.argv.slice(2)
const journal = fs.openSync(path, 'a')

function note (...lines) {
  const data = Buffer.from(lines.map(line => `${Date.now()} ${name} ${line}\n`).join(''))
  if (fs.writeSync(journal, data) !== data.length) throw new Error('the journal took only a part')
}

async function eachBatch (consumer, { batch, isRunning, isStale }) {
  if (!isRunning() || isStale()) return
  note(...batch.messages.map(message => `did ${batch.partition} ${message.offset} ${message.value}`))
  const next = Number(batch.lastOffset()) + 1
  try {
    await consumer.commitOffsets([{ topic, partition: batch.partition, offset: String(next) }])
  } catch (error) {
    note(`could not commit ${batch.partition} ${next}: ${error.type || error.message}`)
    throw error
  }
  note(`committed ${batch.partition} ${next}`)
}

async function main () {
  const kafka = new Kafka({
    clientId: name,
    brokers: [bootstrap],
    logLevel: logLevel.WARN,
    retry: { initialRetryTime: 50, maxRetryTime: 300, retries: 1000 }
  })
  const consumer = kafka.consumer({ groupId, sessionTimeout: 6000, heartbeatInterval: 500, maxWaitTimeInMs: 100 })
  consumer.on(consumer.events.GROUP_JOIN, event => note(`gets ${JSON.stringify(event.payload.memberAssignment)}`))
  consumer.on(consumer.events.CRASH, event => note(`hears ${event.payload.error.type || event.payload.error.message}`))
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  process.stdin.resume()
  process.stdin.on('end', async () => {
    await consumer.disconnect()
    process.exit(0)
  })
  await consumer.run({ autoCommit: false, eachBatch: payload => eachBatch(consumer, payload) })
}

main().catch(error => {
  console.error(error)
  process.exit(1)
})
