// What a user of kafkajs does. Arguments: where the broker is. Ends with 0 if all went as it should.
'use strict'

const assert = require('node:assert/strict')
const { Kafka, CompressionTypes, ConfigResourceTypes, logLevel } = require('kafkajs')

const TIME = 1700000000000
const RECORDS = 50

async function topics (admin) {
  const entries = [{ name: 'retention.ms', value: '123456789' }]
  assert.equal(await admin.createTopics({ topics: [{ topic: 'js', numPartitions: 1, configEntries: entries }] }), true)
  assert.equal(await admin.createTopics({ topics: [{ topic: 'js', numPartitions: 1 }] }), false)
  await admin.createPartitions({ topicPartitions: [{ topic: 'js', count: 2 }] })
  const metadata = await admin.fetchTopicMetadata({ topics: ['js'] })
  assert.deepEqual(metadata.topics[0].partitions.map(partition => partition.leader), [1, 1])

  const resource = { type: ConfigResourceTypes.TOPIC, name: 'js' }
  await admin.alterConfigs({
    resources: [{ ...resource, configEntries: [{ name: 'retention.ms', value: '987654321' }] }]
  })
  const configs = await admin.describeConfigs({
    resources: [{ ...resource, configNames: ['retention.ms'] }], includeSynonyms: true
  })
  assert.equal(configs.resources[0].configEntries[0].configValue, '987654321')

  await admin.createTopics({ topics: [{ topic: 'doomed' }] })
  await admin.deleteTopics({ topics: ['doomed'] })
  assert.deepEqual((await admin.listTopics()).filter(name => !name.startsWith('__')), ['js'])
  assert.equal((await admin.describeCluster()).controller, 1)
}

async function records (kafka, admin) {
  for (const [partition, options, compression] of [
    [0, { idempotent: true, maxInFlightRequests: 1 }, CompressionTypes.GZIP],
    [1, {}, CompressionTypes.None]]) {
    const producer = kafka.producer(options)
    await producer.connect()
    for (let i = 0; i < RECORDS; i++) {
      const [sent] = await producer.send({
        topic: 'js',
        compression,
        messages: [{
          partition,
          key: i % 3 === 0 ? null : `key ${i}`,
          value: i % 5 === 0 ? null : `value ${i}`,
          timestamp: String(TIME + 1000 * i),
          headers: { header: `h${i}` }
        }]
      })
      assert.equal(sent.errorCode, 0)
      assert.equal(sent.baseOffset, String(i))
    }
    await producer.disconnect()
  }
  const offsets = await admin.fetchTopicOffsets('js')
  assert.deepEqual(offsets.map(one => [one.low, one.high]), [['0', '50'], ['0', '50']])
  const [found] = await admin.fetchTopicOffsetsByTimestamp('js', TIME + 7500)
  assert.equal(found.offset, '8')
  await admin.deleteTopicRecords({ topic: 'js', partitions: [{ partition: 1, offset: '6' }] })
  const after = await admin.fetchTopicOffsets('js')
  assert.equal(after.find(one => one.partition === 1).low, '6')
}

/** Reads a topic through a group from where it was left, commits, and leaves. */
async function readThroughGroup (kafka, count, groupId, fromBeginning) {
  const consumer = kafka.consumer({ groupId, sessionTimeout: 10000, maxWaitTimeInMs: 100 })
  const seen = []
  await consumer.connect()
  await consumer.subscribe({ topic: 'js', fromBeginning })
  await new Promise((resolve, reject) => {
    consumer.on(consumer.events.CRASH, event => reject(event.payload.error))
    setTimeout(() => reject(new Error(`only ${seen.length} of ${count} records came`)), 30000).unref()
    consumer.run({
      autoCommit: false,
      eachBatch: async ({ batch }) => {
        seen.push(...batch.messages)
        const next = String(Number(batch.lastOffset()) + 1)
        await consumer.commitOffsets([{ topic: 'js', partition: batch.partition, offset: next }])
        if (seen.length === count) resolve()
      }
    }).catch(reject)
  })
  await consumer.disconnect()
  return seen
}

async function groups (kafka, admin) {
  const seen = await readThroughGroup(kafka, 2 * RECORDS - 6, 'js', true)
  assert.equal(seen.length, 2 * RECORDS - 6)
  for (const record of seen) {
    const i = Number(record.offset)
    assert.equal(record.key === null ? null : record.key.toString(), i % 3 === 0 ? null : `key ${i}`)
    assert.equal(record.value === null ? null : record.value.toString(), i % 5 === 0 ? null : `value ${i}`)
    assert.equal(record.timestamp, String(TIME + 1000 * i))
    assert.equal(record.headers.header.toString(), `h${i}`)
  }
  const committed = await admin.fetchOffsets({ groupId: 'js', topics: ['js'] })
  assert.deepEqual(committed[0].partitions.map(one => one.offset).sort(), ['50', '50'])
  const producer = kafka.producer()
  await producer.connect()
  await producer.send({ topic: 'js', messages: ['a', 'b', 'c'].map(value => ({ partition: 0, value })) })
  await producer.disconnect()
  const again = await readThroughGroup(kafka, 3, 'js', true)
  assert.deepEqual(again.map(one => one.offset), ['50', '51', '52'])
  assert.deepEqual((await admin.listGroups()).groups.map(group => group.groupId), ['js'])
  assert.equal((await admin.describeGroups(['js'])).groups[0].state, 'Empty')
  await admin.deleteGroups(['js'])
  assert.deepEqual((await admin.listGroups()).groups, [])
}

async function main () {
  const kafka = new Kafka({ clientId: 'script', brokers: [process.argv[2]], logLevel: logLevel.ERROR })
  const admin = kafka.admin()
  await admin.connect()
  await topics(admin)
  await records(kafka, admin)
  await groups(kafka, admin)
  await admin.disconnect()
  console.log('done')
}

main().catch(error => {
  console.error(error)
  process.exit(1)
})
