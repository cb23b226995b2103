// Works on what worker.mjs works on, over one WebSocket: the broker gives it up to eight texts at a time, and it acknowledges each.
// npm install ws; node socket.mjs [URL of the broker] [queue]. Node 18 or newer.

import WebSocket from "ws";

const server = (process.argv[2] ?? "http://127.0.0.1:8080").replace(/^http/, "ws");
const queue = process.argv[3] ?? "reports-node";
let ending = false;
let socket;

function work(message) {
  if (message.value.startsWith("fail")) {
    throw new RangeError("this text was not to be counted");
  }
  return { words: message.value.split(/\s+/).filter((word) => word !== "").length };
}

function settle(message) {
  const leases = [message.lease];
  try {
    return { op: "ack", id: message.id, leases, result: work(message) };
  } catch (e) {
    return { op: "nack", id: message.id, leases, reason: e.message, delay_ms: 0 };
  }
}

function take(answer) {
  switch (answer.op) {
    case "messages":
      // What is settled together goes out together.
      return socket.send(JSON.stringify(answer.messages.map(settle)));
    case "acked":
    case "nacked":
      return console.log(answer.id, JSON.stringify(answer.results[0]));
    case "error":
      return console.log(answer.id ?? "", answer.error.detail);
  }
}

function connect() {
  socket = new WebSocket(`${server}/v1/queues/${queue}/ws`);
  socket.on("open", () => socket.send(JSON.stringify({ op: "receive", max: 8, values: "text" })));
  socket.on("message", (text) => JSON.parse(text).forEach(take));
  socket.on("error", (e) => console.log(e.message));
  // What it had goes to others, or comes again over the next connection.
  socket.on("close", (code, why) => {
    if (!ending) {
      console.log(`trying again: ${code} ${why}`);
      setTimeout(connect, 1000);
    }
  });
}

function end() {
  ending = true;
  socket.close();
}

process.on("SIGTERM", end);
process.on("SIGINT", end);
connect();
