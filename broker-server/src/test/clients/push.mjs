// Listens to a topic by npm's eventsource or ws, coming back after every cut, and prints each record: key, value.
//   node push.mjs events|ws URL COUNT
// Ends a moment after COUNT records, so that one too many would be seen, and with 1 if it was refused for good. What becomes of its
// connections it tells stderr.
import { EventSource } from 'eventsource';
import WebSocket from 'ws';

const [how, url, count] = process.argv.slice(2);
const expected = Number(count);
let seen = 0;

function take(record) {
  console.log(`${record.key} ${record.value}`);
  seen += 1;
  if (seen === expected) {
    setTimeout(() => process.exit(0), 1000);
  }
}

// What a refusal says is nowhere else to be seen.
async function fetchAndTell(address, init) {
  const response = await fetch(address, init);
  if (response.status !== 200) {
    console.error(`answered ${response.status}: ${await response.clone().text()}`);
  }
  return response;
}

function listenByEvents() {
  const source = new EventSource(`${url}/v1/topics/t/events?from=earliest&heartbeat_ms=500`, { fetch: fetchAndTell });
  source.addEventListener('message', (event) => take(JSON.parse(event.data)));
  source.addEventListener('CREATE', (event) => take(JSON.parse(event.data)));
  source.addEventListener('open', () => console.error('open'));
  source.addEventListener('error', (event) => {
    console.error(`lost: ${event.message}`);
    // It comes back by itself, unless it was refused for good.
    if (source.readyState === EventSource.CLOSED) {
      console.error('closed for good');
      process.exit(1);
    }
  });
}

let cursor;

function listenByWebSocket() {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/ws`);
  const where = cursor === undefined ? { from: 'earliest' } : { cursor };
  socket.on('open', () => socket.send(JSON.stringify({ op: 'subscribe', id: 's', topic: 't', ...where })));
  socket.on('message', (text) => {
    const message = JSON.parse(text);
    cursor = message.cursor ?? cursor;
    if (message.op === 'record') {
      take(message.record);
    }
  });
  socket.on('error', (error) => console.error(`lost: ${error.message}`));
  socket.on('close', () => setTimeout(listenByWebSocket, 50));
}

(how === 'ws' ? listenByWebSocket : listenByEvents)();
