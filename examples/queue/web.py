"""A web application that answers at once and lets a worker do the work.

python3 web.py [URL of the broker [port]]. Nothing but Python's standard library is needed. Then, with worker.py beside it:

curl -i localhost:8000/reports -d 'the words of a text'      202, and where to ask: /reports/0-0
curl localhost:8000/reports/0-0                              {"state": "acknowledged", "result": {"words": 5}}
"""

import json
import re
import sys
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SERVER = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8080"
PORT = int(sys.argv[2]) if len(sys.argv) > 2 else 8000
QUEUE = "/v1/queues/reports-python"


def call(method, path, body=None, content_type="application/json"):
    request = urllib.request.Request(SERVER + path, body, {"Content-Type": content_type}, method=method)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.loads(answer.read())


class Handler(BaseHTTPRequestHandler):
    # A connection is for more than one request.
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        text = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path != "/reports":
            return self.answer(404, {"error": "there is only /reports"})
        # The message is on disk when this returns. Its id is all that this server has to remember, and it does not even do that.
        sent = call("POST", QUEUE + "/messages", text, "text/plain")
        status = "/reports/" + sent["messages"][0]["id"]
        self.answer(202, {"status": status}, {"Location": status})

    def do_GET(self):
        wanted = re.fullmatch(r"/reports/(\d+-\d+)", self.path)
        if not wanted:
            return self.answer(404, {"error": "there is no such report"})
        try:
            message = call("GET", QUEUE + "/messages/" + wanted.group(1) + "?values=none")
        except urllib.error.HTTPError as e:
            return self.answer(e.code, {"error": "there is no such report"})
        known = ("state", "progress", "result", "deliveries")
        self.answer(200, {name: message[name] for name in known if name in message})

    def answer(self, status, document, headers={}):
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *line):
        pass


# Creating a queue that is there, with the same settings, is no error.
call("PUT", QUEUE, json.dumps({"max_deliveries": 3}).encode())
web = ThreadingHTTPServer(("127.0.0.1", PORT), Handler)
print(f"listening on {web.server_port}", flush=True)
web.serve_forever()
