// A web application that answers at once and lets a worker do the work.
// node web.mjs [URL of the broker [port]]. Node 18 or newer, and no packages. Then, with worker.mjs beside it:
//
// curl -i localhost:8000/reports -d 'the words of a text'      202, and where to ask: /reports/0-0
// curl localhost:8000/reports/0-0                              {"state":"acknowledged","result":{"words":5}}

import { createServer } from "node:http";

const server = process.argv[2] ?? "http://127.0.0.1:8080";
const port = Number(process.argv[3] ?? 8000);
const queue = server + "/v1/queues/reports-node";

async function call(method, url, body, type = "application/json") {
  const answer = await fetch(url, { method, body, headers: { "Content-Type": type } });
  if (!answer.ok) {
    throw Object.assign(new Error(`${url}: ${answer.status} ${await answer.text()}`), { status: answer.status });
  }
  return answer.json();
}

async function body(request) {
  const chunks = [];
  for await (const chunk of request) {
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

async function handle(request) {
  if (request.method === "POST" && request.url === "/reports") {
    // The message is on disk when this returns. Its id is all that this server has to remember, and it does not even do that.
    const sent = await call("POST", `${queue}/messages`, await body(request), "text/plain");
    const status = `/reports/${sent.messages[0].id}`;
    return [202, { status }, { Location: status }];
  }
  const wanted = /^\/reports\/(\d+-\d+)$/.exec(request.url);
  if (request.method === "GET" && wanted) {
    const { state, progress, result, deliveries } = await call("GET", `${queue}/messages/${wanted[1]}?values=none`);
    return [200, { state, progress, result, deliveries }];
  }
  return [404, { error: "there is no such report" }];
}

// Creating a queue that is there, with the same settings, is no error.
await call("PUT", queue, JSON.stringify({ max_deliveries: 3 }));
const web = createServer(async (request, response) => {
  const [status, document, headers] = await handle(request).catch((e) => [e.status ?? 502, { error: e.message }]);
  response.writeHead(status, { "Content-Type": "application/json", ...headers });
  response.end(JSON.stringify(document));
});
web.listen(port, "127.0.0.1", () => console.log(`listening on ${web.address().port}`));
