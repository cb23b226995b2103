// What a user of @platformatic/kafka does. Arguments: where the broker is. Ends with 0 if all went as it should.
import assert from 'node:assert/strict'
import { Admin, Consumer, ListOffsetTimestamps, Producer, stringDeserializers, stringSerializers } from '@platformatic/kafka'

const TIME = 1700000000000n
const RECORDS = 50
const TOPIC = 2
const client = { clientId: 'script', bootstrapBrokers: [process.argv[2]], retries: 0 }

async function topics (admin) {
  const [created] = await admin.createTopics({
    topics: ['pl'], partitions: 1, replicas: 1, configs: [{ name: 'retention.ms', value: '123456789' }]
  })
  assert.equal(created.partitions, 1)
  await assert.rejects(admin.createTopics({ topics: ['pl'], partitions: 1, replicas: 1 }))
  await admin.createPartitions({ topics: [{ name: 'pl', count: 5, assignments: null }] })

  const resource = { resourceType: TOPIC, resourceName: 'pl' }
  await admin.incrementalAlterConfigs({
    resources: [{ ...resource, configs: [{ name: 'retention.ms', configOperation: 0, value: '987654321' }] }]
  })
  const [described] = await admin.describeConfigs({
    resources: [{ ...resource, configurationKeys: ['retention.ms'] }],
    includeSynonyms: true,
    includeDocumentation: true
  })
  assert.equal(described.configs[0].value, '987654321')

  await admin.createTopics({ topics: ['doomed'], partitions: 1, replicas: 1 })
  await admin.deleteTopics({ topics: ['doomed'] })
  assert.deepEqual(await admin.listTopics(), ['pl'])
  const metadata = await admin.metadata({ topics: ['pl'] })
  assert.equal(metadata.topics.get('pl').partitionsCount, 5)
  return metadata.topics.get('pl').id
}

const key = i => i % 3 === 0 ? undefined : `key ${i}`

async function produce () {
  const compressions = ['none', 'gzip', 'snappy', 'lz4', 'none']
  for (let partition = 0; partition < compressions.length; partition++) {
    const producer = new Producer({ ...client, serializers: stringSerializers, idempotent: partition === 0 })
    for (let i = 0; i < RECORDS; i += 10) {
      const messages = []
      for (let j = i; j < i + 10; j++) {
        messages.push({
          topic: 'pl',
          partition,
          key: key(j),
          value: `value ${j}`,
          timestamp: TIME + 1000n * BigInt(j),
          headers: { header: `h${j}` }
        })
      }
      const sent = await producer.send({ messages, acks: partition === 4 ? 1 : -1, compression: compressions[partition] })
      assert.equal(sent.offsets[0].offset, BigInt(i))
    }
    await producer.close()
  }
}

async function fetch (topicId) {
  const consumer = new Consumer({ ...client, groupId: 'unused' })
  const end = await consumer.listOffsets({ topics: ['pl'], timestamp: ListOffsetTimestamps.LATEST })
  assert.deepEqual(end.get('pl'), Array(5).fill(BigInt(RECORDS)))
  const found = await consumer.listOffsets({ topics: ['pl'], timestamp: TIME + 7500n })
  assert.equal(found.get('pl')[0], 8n)
  await consumer.metadata({ topics: ['pl'] })
  for (const partition of [0, 4]) {
    const from = 20
    const fetched = await consumer.fetch({
      node: 1,
      maxWaitTime: 1000,
      minBytes: 1,
      maxBytes: 1 << 20,
      isolationLevel: 1,
      topics: [{
        topicId,
        partitions: [{
          partition,
          currentLeaderEpoch: -1,
          fetchOffset: BigInt(from),
          lastFetchedEpoch: -1,
          partitionMaxBytes: 1 << 20
        }]
      }]
    })
    const data = fetched.responses[0].partitions[0]
    assert.equal(data.errorCode, 0)
    assert.equal(data.highWatermark, BigInt(RECORDS))
    const batches = [].concat(data.records)
    assert.equal(Number(batches[0].firstOffset), from)
    const values = batches.flatMap(batch => batch.records.map(record => record.value.toString()))
    assert.deepEqual(values, Array.from({ length: RECORDS - from }, (_, i) => `value ${from + i}`))
  }
  await consumer.close(true)
}

async function group (admin) {
  const consumer = new Consumer({
    ...client,
    groupId: 'pl',
    deserializers: stringDeserializers,
    sessionTimeout: 10000,
    rebalanceTimeout: 10000,
    heartbeatInterval: 1000,
    autocommit: false
  })
  const stream = await consumer.consume({ topics: ['pl'], mode: 'earliest', maxWaitTime: 100 })
  const next = new Map()
  let seen = 0
  for await (const message of stream) {
    assert.equal(message.offset, BigInt(next.get(message.partition) ?? 0))
    assert.equal(message.value, `value ${message.offset}`)
    assert.equal(message.headers.get('header'), `h${message.offset}`)
    next.set(message.partition, Number(message.offset) + 1)
    if (++seen === 5 * RECORDS) break
  }
  await consumer.commit({
    offsets: [...next].map(([partition, offset]) => ({ topic: 'pl', partition, offset: BigInt(offset), leaderEpoch: 0 }))
  })
  const committed = await consumer.listCommittedOffsets({ topics: [{ topic: 'pl', partitions: [0, 4] }] })
  assert.deepEqual(committed.get('pl').filter(offset => offset !== undefined), [BigInt(RECORDS), BigInt(RECORDS)])
  await stream.close()
  await consumer.close(true)
  assert.deepEqual([...(await admin.listGroups()).keys()], ['pl'])
  assert.equal((await admin.describeGroups({ groups: ['pl'] })).get('pl').members.size, 0)
  await admin.deleteGroups({ groups: ['pl'] })
}

const admin = new Admin(client)
const topicId = await topics(admin)
await produce()
await fetch(topicId)
await group(admin)
await admin.close()
console.log('done')
