"""Works on what web.py has put into its queue: counts words, and leaves the number as the result.

python3 worker.py [URL of the broker]. Nothing but Python's standard library is needed. Start as many as you like. A text that begins
with "fail" fails; look at it with: sluice queues dead reports-python
"""

import json
import os
import signal
import socket
import sys
import threading
import time
import urllib.error
import urllib.request

SERVER = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8080"
QUEUE = "/v1/queues/reports-python"
NAME = f"{socket.gethostname()}-{os.getpid()}"
SESSION_S = 15
end = threading.Event()


def post(path, body):
    request = urllib.request.Request(
        SERVER + QUEUE + path, json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.loads(answer.read())
    except urllib.error.HTTPError as e:
        # The lease is over: somebody else has the message.
        if e.code == 409:
            return json.loads(e.read())
        raise


def be_heard():
    """As long as this worker is heard its messages stay with it, however long they take."""
    while not end.wait(SESSION_S / 3):
        try:
            post(f"/consumers/{NAME}/heartbeat", {})
        except OSError:
            pass


def work(message):
    text = message["value"]
    if text.startswith("fail"):
        raise ValueError("this text was not to be counted")
    return {"words": len(text.split())}


def main():
    threading.Thread(target=be_heard, daemon=True).start()
    while not end.is_set():
        try:
            wish = {"wait_ms": 2000, "consumer": NAME, "session_timeout_ms": SESSION_S * 1000, "values": "text"}
            for message in post("/receive", wish)["messages"]:
                lease = message["lease"]
                try:
                    settled = post("/ack", {"leases": [lease], "result": work(message)})
                except ValueError as e:
                    settled = post("/nack", {"leases": [lease], "reason": str(e), "delay_ms": 0})
                print(message["id"], settled["results"][0], flush=True)
        except OSError as e:
            # The broker is away or starts again: what it has acknowledged it still knows.
            print(f"trying again: {e}", flush=True)
            time.sleep(1)


signal.signal(signal.SIGTERM, lambda *_: end.set())
signal.signal(signal.SIGINT, lambda *_: end.set())
main()
