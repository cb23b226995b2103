"""Works on what web.py has put into its queue: counts words, and leaves the number as the result.

python3 worker.py [URL of the broker]. Nothing but Python's standard library is needed. Start as many as you like. A text that begins
with "fail" fails; look at it with: sluice queues dead reports-python
"""

import http.client
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
consumer = NAME + "-1"


def ask(method, path, body):
    request = urllib.request.Request(
        SERVER + QUEUE + path, json.dumps(body).encode(), {"Content-Type": "application/json"}, method=method
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
            ask("POST", f"/consumers/{consumer}/heartbeat", {})
        except (OSError, http.client.HTTPException):
            pass


def begin_anew(count):
    """A lost answer may have had a message in it, which would be ours for as long as we are heard by this name."""
    global consumer
    old, consumer = consumer, f"{NAME}-{count}"
    try:
        ask("DELETE", f"/consumers/{old}", {})
    except (OSError, http.client.HTTPException):
        # Then others get what it has when it has not been heard for SESSION_S.
        pass


def work(message):
    text = message["value"]
    if text.startswith("fail"):
        raise ValueError("this text was not to be counted")
    return {"words": len(text.split())}


def settle(message):
    leases = [message["lease"]]
    try:
        result = work(message)
    except ValueError as e:
        return ask("POST", "/nack", {"leases": leases, "reason": str(e), "delay_ms": 0})
    return ask("POST", "/ack", {"leases": leases, "result": result})


def main():
    threading.Thread(target=be_heard, daemon=True).start()
    count = 1
    while not end.is_set():
        try:
            wish = {"wait_ms": 2000, "consumer": consumer, "session_timeout_ms": SESSION_S * 1000, "values": "text"}
            for message in ask("POST", "/receive", wish)["messages"]:
                print(message["id"], settle(message)["results"][0], flush=True)
        except (OSError, http.client.HTTPException) as e:
            # The broker is away or starts again: what it has acknowledged it still knows.
            print(f"trying again: {e}", flush=True)
            time.sleep(1)
            count += 1
            begin_anew(count)


signal.signal(signal.SIGTERM, lambda *_: end.set())
signal.signal(signal.SIGINT, lambda *_: end.set())
main()
