"""What a user of confluent-kafka does. Arguments: where the broker is. Ends with 0 if all went as it should."""
import sys
import time

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, ConfigResource, NewPartitions, NewTopic

TIME = 1_700_000_000_000
RECORDS = 50
bootstrap = sys.argv[1]
# Whatever comes behind a fetch on a connection waits for it.
READER = {"bootstrap.servers": bootstrap, "enable.auto.commit": False, "fetch.wait.max.ms": 20}


def check(what, expected, actual):
    if expected != actual:
        sys.exit(f"{what}: expected {expected!r}, got {actual!r}")


def settle(futures):
    return {key: future.result(20) for key, future in futures.items()}


def record(i):
    key = None if i % 3 == 0 else f"key {i}".encode()
    value = None if i % 5 == 0 else f"value {i} {'x' * 20 * i}".encode()
    return key, value, [("header", f"h{i}".encode()), ("header", None)]


def admin_of_topics():
    admin = AdminClient({"bootstrap.servers": bootstrap})
    settle(admin.create_topics([NewTopic("py", 1, 1, config={"retention.ms": "123456789"})]))
    try:
        settle(admin.create_topics([NewTopic("py", 1, 1)]))
        sys.exit("created twice")
    except KafkaException as e:
        check("the second time", "TOPIC_ALREADY_EXISTS", e.args[0].name())
    settle(admin.create_partitions([NewPartitions("py", 3)]))
    topic = admin.list_topics("py", timeout=20).topics["py"]
    check("partitions", [0, 1, 2], sorted(topic.partitions))
    check("leader", 1, topic.partitions[2].leader)
    resource = ConfigResource(ConfigResource.Type.TOPIC, "py")
    [configs] = settle(admin.describe_configs([resource])).values()
    check("setting", "123456789", configs["retention.ms"].value)
    resource.set_config("retention.ms", "987654321")
    settle(admin.alter_configs([resource]))
    [configs] = settle(admin.describe_configs([ConfigResource(ConfigResource.Type.TOPIC, "py")])).values()
    check("changed setting", "987654321", configs["retention.ms"].value)
    [broker] = settle(admin.describe_configs([ConfigResource(ConfigResource.Type.BROKER, "1")])).values()
    check("setting of the broker", "1", broker["node.id"].value)
    settle(admin.create_topics([NewTopic("doomed", 1, 1)]))
    settle(admin.delete_topics(["doomed"]))
    topics = [name for name in admin.list_topics(timeout=20).topics if not name.startswith("__")]
    check("topics", ["py"], topics)


def records(partition, settings):
    delivered = []

    def on_delivery(error, message):
        check("delivery", None, error)
        delivered.append(message.offset())

    producer = Producer({"bootstrap.servers": bootstrap, "linger.ms": 2, "batch.num.messages": 7, **settings})
    for i in range(RECORDS):
        key, value, headers = record(i)
        producer.produce(
            "py", value, key, partition, timestamp=TIME + 1000 * i, headers=headers, on_delivery=on_delivery)
    check("left", 0, producer.flush(20))
    check("deliveries", RECORDS, len(delivered))


def reading(partition, start):
    consumer = Consumer({**READER, "group.id": "unused"})
    consumer.assign([TopicPartition("py", partition, start)])
    for i in range(start, RECORDS):
        message = consumer.poll(20)
        if message is None or message.error():
            sys.exit(f"no record at {i}: {message and message.error()}")
        key, value, headers = record(i)
        check("offset", i, message.offset())
        check("key", key, message.key())
        check("value", value, message.value())
        check("headers", headers, message.headers())
        check("timestamp", TIME + 1000 * i, message.timestamp()[1])
    check("watermarks", (0, RECORDS), consumer.get_watermark_offsets(TopicPartition("py", partition), timeout=20))
    [found] = consumer.offsets_for_times([TopicPartition("py", partition, TIME + 7_500)], timeout=20)
    check("offset for a time", 8, found.offset)
    consumer.close()


def group():
    """Two consumers share three partitions; what they committed is where another goes on."""
    settings = {
        **READER,
        "group.id": "py",
        "auto.offset.reset": "earliest",
        "session.timeout.ms": 10_000,
        "heartbeat.interval.ms": 200,
    }
    one, two = Consumer(settings), Consumer(settings)
    one.subscribe(["py"])
    two.subscribe(["py"])
    seen = set()
    deadline = time.monotonic() + 40
    while len(seen) < 3 * RECORDS or not (one.assignment() and two.assignment()):
        for consumer in (one, two):
            message = consumer.poll(0.05)
            if message is not None and not message.error():
                seen.add((message.partition(), message.offset()))
        if time.monotonic() > deadline:
            sys.exit(f"{len(seen)} records seen, assigned {one.assignment()} and {two.assignment()}")
    check("partitions of both", 3, len(one.assignment()) + len(two.assignment()))
    one.close()
    two.close()

    third = Consumer(settings)
    third.commit(offsets=[TopicPartition("py", partition, 45 + partition) for partition in range(3)], asynchronous=False)
    committed = third.committed([TopicPartition("py", partition) for partition in range(3)], timeout=20)
    check("committed", [45, 46, 47], [position.offset for position in committed])
    third.subscribe(["py"])
    first = {}
    while len(first) < 3:
        message = third.poll(20)
        if message is None or message.error():
            sys.exit(f"no record: {message and message.error()}")
        first.setdefault(message.partition(), message.offset())
    check("from where it was committed", {0: 45, 1: 46, 2: 47}, first)
    third.close()


admin_of_topics()
records(0, {"enable.idempotence": True, "compression.type": "zstd"})
records(1, {"acks": 1, "compression.type": "lz4"})
records(2, {"acks": 0, "compression.type": "snappy"})
reading(0, 0)
reading(0, 33)
reading(1, 0)
reading(2, 0)
group()
print("done")
