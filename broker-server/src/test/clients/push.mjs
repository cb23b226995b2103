// Listens to a topic by npm's eventsource or ws, coming back after every cut, and prints each record: key, value.
//   node push.mjs events|ws URL COUNT
// Ends a moment after COUNT records, so that one too many would be seen.
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

function listenByEvents() {
  const source = new EventSource(`${url}/v1/topics/t/events?from=earliest&heartbeat_ms=500`);
  source.addEventListener('message', (event) => take(JSON.parse(event.data)));
  source.addEventListener('CREATE', (event) => take(JSON.parse(event.data)));
  source.addEventListener('error', () => {
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
  socket.on('error', () => {});
  socket.on('close', () => setTimeout(listenByWebSocket, 50));
}

(how === 'ws' ? listenByWebSocket : listenByEvents)();
