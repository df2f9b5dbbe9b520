// Runs every scenario against one emulator: `node run.mjs GATEWAY_URL PATH_OF_MEZON`.
// Started by `cargo xtask interop`, which also installs the JavaScript SDK next to this file.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RustPeer, stopListeners } from "./rust_peer.mjs";
import { scenarios } from "./scenarios.mjs";

/** For everything. `cargo xtask interop` waits a little longer before it kills this process. */
const LIMIT_SECONDS = 150;

const [gateway, mezon] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), "mezon-interop-"));
let current = "start";

// Runs on every way out, `process.exit` included.
process.on("exit", () => {
  stopListeners();
  rmSync(folder, { recursive: true, force: true });
});
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(1));
setTimeout(() => fail(new Error(`not done after ${LIMIT_SECONDS} s`)), LIMIT_SECONDS * 1000);

let sessions = 0;
for (const [name, scenario] of scenarios) {
  current = name;
  const connected = [];
  const stage = {
    gateway,
    folder,
    rustPeer: (user) => new RustPeer(mezon, gateway, join(folder, `${user}-${++sessions}.session.json`)),
    disconnectAtEnd: (peer) => connected.push(peer),
  };
  const started = performance.now();
  try {
    await scenario(stage);
  } catch (error) {
    fail(error);
  }
  for (const peer of connected) peer.disconnect();
  stopListeners();
  console.log(`  ok  ${name} (${Math.round(performance.now() - started)} ms)`);
}
console.log(`interop: ${scenarios.length} scenarios passed`);
// The SDK leaves timers of finished calls behind, which would keep the process for seconds.
process.exit(0);

function fail(error) {
  console.error(`  FAILED  ${current}`);
  // The SDK rejects with the HTTP response itself when a call is refused.
  console.error(error instanceof Response ? `HTTP ${error.status} from ${error.url}` : error);
  process.exit(1);
}
