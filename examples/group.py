"""Writes three records, reads them as a member of a consumer group, and after a seek reads them again.

python3 group.py [URL of the broker]. Nothing but Python's standard library is needed.
"""

import json
import sys
import urllib.request

SERVER = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8080"
TOPIC = "example-python"
GROUP = "/v1/groups/example-python"
MEMBER = "worker-1"


def post(path, body):
    request = urllib.request.Request(
        SERVER + path, json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        text = answer.read()
    return json.loads(text) if text else None


def read_to_the_end():
    """Each poll commits the records of the one before: they have been worked on."""
    done = None
    while True:
        ask = {"member": MEMBER, "topics": [TOPIC], "wait_ms": 500}
        if done:
            ask["commit"] = done
        polled = post(GROUP + "/poll", ask)
        for record in polled["records"]:
            print(f"offset {record['offset']}: {record['value']['text']}")
        if not polled["records"]:
            return
        done = polled["cursor"]


values = [{"text": text} for text in ("one", "two", "three")]
post(f"/v1/topics/{TOPIC}/records", {"records": [{"value": value} for value in values]})

print("reading")
read_to_the_end()

post(GROUP + "/seek", {"to": "earliest", "topics": [TOPIC]})
print("reading again")
read_to_the_end()

post(GROUP + "/leave", {"member": MEMBER})
print("done")
