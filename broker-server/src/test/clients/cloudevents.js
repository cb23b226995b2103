// What a user of the CloudEvents SDK does, over HTTP and over Kafka's protocol. Arguments: the address of the HTTP interface, and
// where the broker is. Ends with 0 if all went as it should.
'use strict'

const assert = require('node:assert/strict')
const { CloudEvent, HTTP, Kafka: KafkaEvents } = require('cloudevents')
const { Kafka, logLevel } = require('kafkajs')

const TOPIC = 'events'
const BATCH = 'application/cloudevents-batch+json'
const [base, broker] = process.argv.slice(2)

function event (id, more) {
  return new CloudEvent({
    id,
    source: '/web/shop',
    type: 'order.created',
    time: '2026-01-31T12:00:00.123Z',
    subject: 'order 1',
    dataschema: 'https://example.com/order.json',
    partitionkey: 'user-1',
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    datacontenttype: 'application/json',
    data: { amount: 3.5, items: ['a', 'ü€😀'] },
    ...more
  })
}

async function post ({ headers, body }) {
  const answer = await fetch(`${base}/v1/topics/${TOPIC}/records`, { method: 'POST', headers, body })
  const text = await answer.text()
  assert.equal(answer.status, 200, text)
  return JSON.parse(text).offsets
}

async function overHttp (offset) {
  const answer = await fetch(`${base}/v1/topics/${TOPIC}/partitions/0/records?offset=${offset}`, { headers: { accept: BATCH } })
  assert.equal(answer.status, 200)
  return HTTP.toEvent({ headers: Object.fromEntries(answer.headers), body: await answer.text() })
}

/** What is left of an event without the undefined members that the SDK leaves behind. */
function plain (one) {
  return JSON.parse(JSON.stringify(one))
}

async function readByKafka (kafka, count) {
  const consumer = kafka.consumer({ groupId: 'readers', maxWaitTimeInMs: 100 })
  const seen = []
  await consumer.connect()
  await consumer.subscribe({ topic: TOPIC, fromBeginning: true })
  await new Promise((resolve, reject) => {
    consumer.on(consumer.events.CRASH, crash => reject(crash.payload.error))
    setTimeout(() => reject(new Error(`only ${seen.length} of ${count} records came`)), 30000).unref()
    consumer.run({
      eachMessage: async ({ message }) => {
        seen.push(message)
        if (seen.length === count) resolve()
      }
    }).catch(reject)
  })
  await consumer.disconnect()
  return seen
}

/** A message as the SDK wants it: kafkajs brings bytes where it expects text. */
function texts (message) {
  const headers = Object.fromEntries(Object.entries(message.headers).map(([name, value]) => [name, value.toString()]))
  return { ...message, key: message.key.toString(), value: message.value.toString(), headers }
}

/** A message of the SDK as kafkajs wants it: without headers that are undefined, and with the value as text. */
function forKafkajs (message, value) {
  return { key: message.key, value, headers: JSON.parse(JSON.stringify(message.headers)) }
}

async function main () {
  const kafka = new Kafka({ clientId: 'events', brokers: [broker], logLevel: logLevel.ERROR })
  const admin = kafka.admin()
  await admin.connect()
  await admin.createTopics({ topics: [{ topic: TOPIC, numPartitions: 1 }] })
  await admin.disconnect()

  const sent = [
    event('binary'),
    event('structured'),
    event('batch-0', { type: 'order.paid' }),
    event('batch-1', { datacontenttype: 'text/plain', data: 'some "text"' })
  ]
  assert.deepEqual(await post(HTTP.binary(sent[0])), [{ partition: 0, offset: 0 }])
  assert.deepEqual(await post(HTTP.structured(sent[1])), [{ partition: 0, offset: 1 }])
  const batch = { headers: { 'content-type': BATCH }, body: JSON.stringify([sent[2], sent[3]]) }
  assert.deepEqual(await post(batch), [{ partition: 0, offset: 2 }, { partition: 0, offset: 3 }])

  const records = await readByKafka(kafka, sent.length)
  records.forEach((record, i) => {
    const message = texts(record)
    assert.equal(message.key, 'user-1')
    assert.equal(message.headers.ce_specversion, '1.0')
    const read = KafkaEvents.toEvent(message)
    read.validate()
    const data = sent[i].datacontenttype === 'text/plain' ? message.value : JSON.parse(message.value)
    assert.deepEqual({ ...plain(read), data }, plain(sent[i]))
  })
  assert.deepEqual((await overHttp(0)).map(plain), sent.map(plain))

  const producer = kafka.producer()
  await producer.connect()
  const written = [event('kafka-binary'), event('kafka-structured')]
  const binary = KafkaEvents.binary(written[0])
  const structured = KafkaEvents.structured(written[1])
  await producer.send({
    topic: TOPIC,
    messages: [forKafkajs(binary, JSON.stringify(binary.value)), forKafkajs(structured, structured.value)]
  })
  await producer.disconnect()
  assert.deepEqual((await overHttp(sent.length)).map(plain), written.map(plain))
  console.log('done')
}

main().catch(error => {
  console.error(error)
  process.exit(1)
})
