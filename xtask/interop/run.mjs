// Runs every scenario: `node run.mjs PATH_OF_MEZON GATEWAY_URL GATEWAY_URL_FOR_BOTS PATH_OF_PYTHON APP_ID APP_KEY`.
// Started by `cargo xtask interop`, which also installs the JavaScript SDK next to this file, and the Python SDK.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PythonBot } from "./python_peer.mjs";
import { RustPeer, stopListeners } from "./rust_peer.mjs";
import { scenarios } from "./scenarios.mjs";

/** For everything. `cargo xtask interop` waits a little longer before it kills this process. */
const LIMIT_SECONDS = 150;

const [mez, gateway, gatewayForBots, python, appId, key] = process.argv.slice(2);
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
    rustPeer: (user, at = gateway) => new RustPeer(mez, at, join(folder, `${user}-${++sessions}.session.json`)),
    gatewayForBots,
    appId,
    pythonBot: () => new PythonBot(python, gatewayForBots, { appId, key }, folder),
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
