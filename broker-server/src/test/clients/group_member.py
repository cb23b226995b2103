"""A member of a group with confluent-kafka, that is, librdkafka. It reads, says so in the journal, and commits; it leaves when its
standard input ends. Arguments: bootstrap, group, topic, journal, the member's name."""
import os
import sys
import threading
import time

from confluent_kafka import Consumer, KafkaException, TopicPartition

bootstrap, group, topic, path, name = sys.argv[1:6]
COMMIT_AFTER = 50
journal = os.open(path, os.O_WRONLY | os.O_APPEND)
leaving = threading.Event()
pending = {}


def note(*lines):
    begin = f"{time.time_ns() // 1_000_000} {name} "
    data = "".join(f"{begin}{line}\n" for line in lines).encode()
    if os.write(journal, data) != len(data):
        sys.exit("the journal took only a part")


def watch():
    sys.stdin.read()
    leaving.set()


def commit():
    """What was not committed others do again; that is what at least once means."""
    if not pending:
        return
    positions = [TopicPartition(topic, partition, offset) for partition, offset in pending.items()]
    pending.clear()
    try:
        committed = consumer.commit(offsets=positions, asynchronous=False)
    except KafkaException as e:
        note(f"could not commit {positions}: {e.args[0].name()}")
        return
    for position in committed:
        if position.error is None:
            note(f"committed {position.partition} {position.offset}")
        else:
            note(f"could not commit {position}: {position.error.name()}")


def on_assign(_, partitions):
    note(f"gets {[one.partition for one in partitions]}")


def on_revoke(_, partitions):
    note(f"gives back {[one.partition for one in partitions]}")
    commit()


def on_lost(_, partitions):
    note(f"has lost {[one.partition for one in partitions]}")
    pending.clear()


threading.Thread(target=watch, daemon=True).start()
consumer = Consumer({
    "bootstrap.servers": bootstrap,
    "group.id": group,
    "auto.offset.reset": "earliest",
    "enable.auto.commit": False,
    "session.timeout.ms": 6000,
    "heartbeat.interval.ms": 500,
    "fetch.wait.max.ms": 100,
    "reconnect.backoff.max.ms": 200,
})
consumer.subscribe([topic], on_assign=on_assign, on_revoke=on_revoke, on_lost=on_lost)
read = 0
while not leaving.is_set():
    message = consumer.poll(0.05)
    if message is None:
        commit()
    elif message.error():
        note(f"hears {message.error().name()}")
    else:
        note(f"did {message.partition()} {message.offset()} {message.value().decode()}")
        pending[message.partition()] = message.offset() + 1
        read += 1
        if read % COMMIT_AFTER == 0:
            commit()
commit()
consumer.close()
