// A member of a group with kafkajs that throws on one record. It says what it did and where it is stuck; it leaves when its standard
// input ends. Arguments: bootstrap, group, topic, poison.
'use strict'

const { Kafka, logLevel } = require('kafkajs')

const [bootstrap, groupId, topic, poison] = process.argv.slice(2)

async function eachMessage ({ partition, message }) {
  if (message.value.toString() === poison) {
    console.log(`stuck ${partition} ${message.offset}`)
    throw new Error('this cannot be read')
  }
  console.log(`did ${partition} ${message.offset}`)
}

async function main () {
  // As often as by default, only quicker: then the library begins anew, in this process.
  const kafka = new Kafka({
    brokers: [bootstrap],
    logLevel: logLevel.NOTHING,
    retry: { initialRetryTime: 50, maxRetryTime: 200, retries: 5 }
  })
  const consumer = kafka.consumer({ groupId, sessionTimeout: 6000, heartbeatInterval: 200, maxWaitTimeInMs: 50 })
  consumer.on(consumer.events.GROUP_JOIN, event => console.log(`gets ${JSON.stringify(event.payload.memberAssignment)}`))
  consumer.on(consumer.events.CRASH, event => console.log(`begins anew: ${event.payload.restart} ${event.payload.error}`))
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  process.stdin.resume()
  process.stdin.on('end', async () => {
    await consumer.disconnect()
    process.exit(0)
  })
  await consumer.run({ eachMessage })
}

main().catch(error => {
  console.error(error)
  process.exit(1)
})
