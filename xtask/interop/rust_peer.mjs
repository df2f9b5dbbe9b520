// A user on the Rust SDK: the `mez` command, one process for each thing done.

import { execFile, spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { Inbox } from "./inbox.mjs";

const execute = promisify(execFile);
const listeners = new Set();

/** Stops every listener. For the end of a run, however it ends. */
export function stopListeners() {
  for (const listener of listeners) listener.kill("SIGKILL");
}

export class RustPeer {
  #mez;
  #gateway;
  #file;
  #inbox;

  constructor(mez, gateway, sessionFile) {
    this.#mez = mez;
    this.#gateway = gateway;
    this.#file = sessionFile;
  }

  signIn({ userId, username }) {
    return this.#run(["login", "--user-id", userId, "--username", username], {
      MEZON_ID_TOKEN: `id token of ${username}`,
    });
  }

  /** Takes over a session that another SDK has exported. */
  restore(exported) {
    writeFileSync(this.#file, JSON.stringify(exported), { mode: 0o600 });
  }

  /** The session as the command keeps it. */
  exportSession() {
    return JSON.parse(readFileSync(this.#file, "utf8"));
  }

  get refreshToken() {
    return this.exportSession().refresh_token;
  }

  async openDm(peer) {
    return (await this.#run(["dm", peer]))[0];
  }

  async send(channel, text, ...options) {
    return (await this.#run(["send", channel, text, ...options]))[0];
  }

  refresh() {
    return this.#run(["session", "refresh"]);
  }

  /** Listens to a channel until `stopListeners`. Ends when the command says that it is ready. */
  async listen(channel) {
    const inbox = new Inbox();
    this.#inbox = inbox;
    const child = spawn(this.#mez, this.#arguments(["listen", channel]), {
      env: environment(),
      stdio: ["ignore", "pipe", "inherit"],
    });
    listeners.add(child);
    child.on("error", (error) => inbox.close(error));
    child.on("exit", (code, signal) => {
      listeners.delete(child);
      inbox.close(new Error(`mez listen ended (${signal ?? `exit code ${code}`})`));
    });
    createInterface({ input: child.stdout }).on("line", (line) => inbox.push(JSON.parse(line)));
    await inbox.take("mez listen is ready", ({ event }) => event === "ready");
  }

  async receive(text) {
    const wanted = ({ event, message }) => event === "message" && message.text === text;
    return (await this.#inbox.take(`mez listen receives "${text}"`, wanted)).message;
  }

  /** Runs one command to its end and returns the objects it printed. */
  async #run(command, variables = {}) {
    const options = { env: { ...environment(), ...variables }, timeout: 20_000, killSignal: "SIGKILL" };
    const { stdout } = await execute(this.#mez, this.#arguments(command), options);
    return stdout.split("\n").filter(Boolean).map((line) => JSON.parse(line));
  }

  #arguments(command) {
    return [...command, "--gateway-url", this.#gateway, "--session", this.#file, "--json"];
  }
}

/** The environment without the caller's own settings for the command. */
function environment() {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("MEZON_")));
}
