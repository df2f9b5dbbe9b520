// The official JavaScript SDK under the same work: `node peer.mjs WORK SESSION COUNT AT_ONCE`. The SDK has no calls
// beside those that sign in and make channels, so the HTTP calls are those of Node.js.
// Started by `cargo xtask bench`, which puts this file next to the installed SDK.

import { createRequire } from "node:module";
import { WebSocket } from "ws";

// The SDK is written for browsers. Node.js has a global WebSocket from version 22 on, and no window.
globalThis.WebSocket ??= WebSocket;
globalThis.window ??= globalThis;
const { LightClient, LightSocket } = createRequire(import.meta.url)("mezon-light-sdk");

const [work, session, countText, atOnceText] = process.argv.slice(2);
const [count, atOnce] = [Number(countText), Number(atOnceText)];
const channelId = "1840000000000000002";

// The SDK logs to the standard output, which is where the figures go.
const print = console.log.bind(console);
console.log = () => {};
const finish = (figures) => {
  print(typeof figures === "string" ? figures : JSON.stringify(figures));
  process.exit(0);
};

const client = LightClient.initClient(JSON.parse(session));
const socket = new LightSocket(client, client.session);
const started = performance.now();
const cpuBefore = process.cpuUsage();
const used = () => {
  const { user, system } = process.cpuUsage(cpuBefore);
  return {
    seconds: (performance.now() - started) / 1000,
    cpu: (user + system) / 1e6,
    peak_kib: process.resourceUsage().maxRSS,
    dropped: 0,
  };
};

const send = (n) => socket.sendDM({ channelId, content: { t: `message ${n}` } });

if (work === "receive") {
  let received = 0;
  socket.onChannelMessage(() => {
    received += 1;
    if (received === count) finish(used());
  });
  await socket.connect();
} else if (work === "send") {
  await socket.connect();
  const micros = [];
  let next = 0;
  const caller = async () => {
    while (next < count) {
      next += 1;
      const before = performance.now();
      await send(next);
      micros.push((performance.now() - before) * 1000);
    }
  };
  const from = performance.now();
  await Promise.all(Array.from({ length: atOnce }, caller));
  const seconds = (performance.now() - from) / 1000;
  micros.sort((a, b) => a - b);
  const at = (share) => micros[Math.min(micros.length - 1, Math.floor(micros.length * share))];
  finish({ p50: at(0.5), p99: at(0.99), rate: count / seconds });
} else if (work === "call") {
  const { token, api_url } = JSON.parse(session);
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/proto", accept: "application/proto" };
  // A list of at most 100.
  const body = Uint8Array.of(8, 100);
  const call = async () => {
    const answer = await fetch(`${api_url}/mezon.api.Mezon/ListChannelDescs`, { method: "POST", headers, body });
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    await answer.arrayBuffer();
  };
  let [from, before] = [0, 0];
  // Once to open the connections, once to measure.
  for (const times of [count / 10, count]) {
    [from, before] = [performance.now(), process.cpuUsage()];
    let next = 0;
    const caller = async () => {
      while (next < times) {
        next += 1;
        await call();
      }
    };
    await Promise.all(Array.from({ length: atOnce }, caller));
  }
  const { user, system } = process.cpuUsage(before);
  finish({ rate: (count * 1000) / (performance.now() - from), cpu: (user + system) / 1e6 });
} else if (work === "start") {
  await socket.connect();
  await send(1);
  finish("acknowledged");
} else {
  throw new Error(`unknown work ${work}`);
}
