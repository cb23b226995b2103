"""A member of a group with confluent-kafka whose deserializer throws on one record. It says what it did and where it is stuck; it leaves
when its standard input ends. Arguments: bootstrap, group, topic, poison."""
import sys
import threading
import time

from confluent_kafka import DeserializingConsumer, KafkaException, TopicPartition
from confluent_kafka.error import ConsumeError, ValueDeserializationError

bootstrap, group, topic, poison = sys.argv[1:5]
leaving = threading.Event()


def say(*words):
    print(*words, flush=True)


def watch():
    sys.stdin.read()
    leaving.set()


def deserialize(value, _):
    if value.decode() == poison:
        raise ValueError("this cannot be read")
    return value.decode()


def try_again(message):
    """The library has gone past the record by now: whoever wants it must go back."""
    say("stuck", message.partition(), message.offset())
    time.sleep(0.05)
    try:
        consumer.seek(TopicPartition(topic, message.partition(), message.offset()))
    except KafkaException as e:
        say("cannot go back:", e)


threading.Thread(target=watch, daemon=True).start()
consumer = DeserializingConsumer({
    "bootstrap.servers": bootstrap,
    "group.id": group,
    "auto.offset.reset": "earliest",
    "enable.auto.commit": False,
    "session.timeout.ms": 6000,
    "heartbeat.interval.ms": 200,
    "fetch.wait.max.ms": 50,
    "value.deserializer": deserialize,
})
consumer.subscribe(
    [topic],
    on_assign=lambda _, partitions: say("gets", partitions),
    on_lost=lambda _, partitions: say("has lost", partitions))
while not leaving.is_set():
    try:
        message = consumer.poll(0.05)
        if message is not None:
            say("did", message.partition(), message.offset())
            consumer.commit(message=message, asynchronous=False)
    except ValueDeserializationError as e:
        try_again(e.kafka_message)
    except (ConsumeError, KafkaException) as e:
        say("hears", e)
consumer.close()
