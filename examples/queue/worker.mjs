// Works on what web.mjs has put into its queue: counts words, and leaves the number as the result.
// node worker.mjs [URL of the broker]. Node 18 or newer, and no packages. Start as many as you like. A text that begins with "fail"
// fails; look at it with: sluice queues dead reports-node

import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";

const server = process.argv[2] ?? "http://127.0.0.1:8080";
const queue = server + "/v1/queues/reports-node";
const consumer = `${hostname()}-${process.pid}`;
const sessionMs = 15_000;
let ending = false;

async function post(path, body) {
  const answer = await fetch(queue + path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  // 409: the lease is over, somebody else has the message.
  if (!answer.ok && answer.status !== 409) {
    throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  }
  return answer.json();
}

function work(message) {
  if (message.value.startsWith("fail")) {
    throw new RangeError("this text was not to be counted");
  }
  return { words: message.value.split(/\s+/).filter((word) => word !== "").length };
}

async function settle(message) {
  const leases = [message.lease];
  let result;
  try {
    result = work(message);
  } catch (e) {
    return post("/nack", { leases, reason: e.message, delay_ms: 0 });
  }
  return post("/ack", { leases, result });
}

process.on("SIGTERM", () => (ending = true));
process.on("SIGINT", () => (ending = true));
// As long as this worker is heard its messages stay with it, however long they take.
const beats = setInterval(() => post(`/consumers/${consumer}/heartbeat`, {}).catch(() => {}), sessionMs / 3);

while (!ending) {
  try {
    const wish = { wait_ms: 2000, consumer, session_timeout_ms: sessionMs, values: "text" };
    for (const message of (await post("/receive", wish)).messages) {
      console.log(message.id, JSON.stringify((await settle(message)).results[0]));
    }
  } catch (e) {
    // The broker is away or starts again: what it has acknowledged it still knows.
    console.log(`trying again: ${e.message}`);
    await sleep(1000);
  }
}
clearInterval(beats);
