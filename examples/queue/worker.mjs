// Works on what web.mjs has put into its queue: counts words, and leaves the number as the result.
// node worker.mjs [URL of the broker]. Node 18 or newer, and no packages. Start as many as you like. A text that begins with "fail"
// fails; look at it with: sluice queues dead reports-node

import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";

const server = process.argv[2] ?? "http://127.0.0.1:8080";
const queue = server + "/v1/queues/reports-node";
const name = `${hostname()}-${process.pid}`;
const sessionMs = 15_000;
let count = 1;
let consumer = `${name}-${count}`;
let ending = false;

async function ask(method, path, body) {
  const answer = await fetch(queue + path, {
    method,
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  // 409: the lease is over, somebody else has the message.
  if (!answer.ok && answer.status !== 409) {
    throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  }
  return answer.json();
}

// A lost answer may have had a message in it, which would be ours for as long as we are heard by this name.
async function beginAnew() {
  const old = consumer;
  consumer = `${name}-${++count}`;
  // If this fails, others get what it has when it has not been heard for as long as its session lasts.
  await ask("DELETE", `/consumers/${old}`, {}).catch(() => {});
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
    return ask("POST", "/nack", { leases, reason: e.message, delay_ms: 0 });
  }
  return ask("POST", "/ack", { leases, result });
}

process.on("SIGTERM", () => (ending = true));
process.on("SIGINT", () => (ending = true));
// As long as this worker is heard its messages stay with it, however long they take.
const beats = setInterval(() => ask("POST", `/consumers/${consumer}/heartbeat`, {}).catch(() => {}), sessionMs / 3);

while (!ending) {
  try {
    const wish = { wait_ms: 2000, consumer, session_timeout_ms: sessionMs, values: "text" };
    for (const message of (await ask("POST", "/receive", wish)).messages) {
      console.log(message.id, JSON.stringify((await settle(message)).results[0]));
    }
  } catch (e) {
    // The broker is away or starts again: what it has acknowledged it still knows.
    console.log(`trying again: ${e.message}`);
    await sleep(1000);
    await beginAnew();
  }
}
clearInterval(beats);
