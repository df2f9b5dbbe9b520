// The codec of the official JavaScript SDK: `node codec.mjs SESSION TIMES SMALL LARGE`, where the last two are envelopes
// with a channel message, in base64url. Prints nanoseconds of CPU a message.
// Started by `cargo xtask bench`, which puts this file next to the installed SDK.

import { createRequire } from "node:module";

// The SDK decodes in what it hangs into its WebSocket. This one is never connected: messages are put into it by hand.
let connected;
class Unconnected {
  static OPEN = 1;
  readyState = 1;
  constructor() {
    connected = this;
    queueMicrotask(() => this.onopen({}));
  }
  send(frame) {
    this.sent = frame;
  }
  close() {}
}
globalThis.WebSocket = Unconnected;
globalThis.window ??= globalThis;
const { LightClient, LightSocket } = createRequire(import.meta.url)("mezon-light-sdk");

const [session, timesText, ...envelopes] = process.argv.slice(2);
const times = Number(timesText);
// A frame has a buffer of its own, as from a socket.
const [small, large] = envelopes.map((text) => Uint8Array.from(Buffer.from(text, "base64url")).buffer);

const print = console.log.bind(console);
console.log = () => {};
const client = LightClient.initClient(JSON.parse(session));
const socket = new LightSocket(client, client.session);
let last;
socket.onChannelMessage((message) => {
  last = message;
});
await socket.connect();
const { adapter } = socket.socket;

const nanos = (run) => {
  // Twice for the compiler, once to measure.
  let before;
  for (let round = 0; round < 3; round += 1) {
    before = process.cpuUsage();
    for (let n = 0; n < times; n += 1) run();
  }
  const { user, system } = process.cpuUsage(before);
  return ((user + system) * 1000) / times;
};

const toHandler = (data) => nanos(() => connected.onmessage({ data }));
const figures = { small_to_handler: toHandler(small), large_to_handler: toHandler(large) };
if (last?.content?.t === undefined) throw new Error("no message came to the handler");

// From here on the SDK decodes the envelope, and nobody looks at it.
adapter.onMessage = (envelope) => {
  last = envelope;
};
figures.small = nanos(() => connected.onmessage({ data: small }));
figures.large = nanos(() => connected.onmessage({ data: large }));
if (last?.channel_message === undefined) throw new Error("no envelope was decoded");

figures.encode = nanos(() => {
  const content = JSON.stringify({ t: "hello, this is a line of text" });
  adapter.send({ cid: "7", channel_message_send: { clan_id: "0", channel_id: "1840000000000000000", mode: 4, content } });
});
if (!(connected.sent?.length > 0)) throw new Error("nothing was encoded");

print(JSON.stringify(figures));
process.exit(0);
