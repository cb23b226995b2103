// Writes three records, reads them as a member of a consumer group, and after a seek reads them again.
// node group.mjs [URL of the broker]. Node 18 or newer, and no packages.

const server = process.argv[2] ?? "http://127.0.0.1:8080";
const topic = "example-node";
const group = "/v1/groups/example-node";
const member = "worker-1";

async function post(path, body) {
  const answer = await fetch(server + path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  const text = await answer.text();
  if (!answer.ok) {
    throw new Error(`${path}: ${answer.status} ${text}`);
  }
  return text === "" ? undefined : JSON.parse(text);
}

// Each poll commits the records of the one before: they have been worked on.
async function readToTheEnd() {
  let done;
  while (true) {
    const polled = await post(`${group}/poll`, { member, topics: [topic], wait_ms: 500, commit: done });
    for (const record of polled.records) {
      console.log(`offset ${record.offset}: ${record.value.text}`);
    }
    if (polled.records.length === 0) {
      return;
    }
    done = polled.cursor;
  }
}

const values = ["one", "two", "three"].map((text) => ({ text }));
await post(`/v1/topics/${topic}/records`, { records: values.map((value) => ({ value })) });

console.log("reading");
await readToTheEnd();

await post(`${group}/seek`, { to: "earliest", topics: [topic] });
console.log("reading again");
await readToTheEnd();

await post(`${group}/leave`, { member });
console.log("done");
