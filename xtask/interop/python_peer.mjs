// A bot on the official Python SDK: `python_bot.py` in a process of its own, which echoes what it is told.

import { spawn } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { Inbox } from "./inbox.mjs";

const SCRIPT = join(dirname(fileURLToPath(import.meta.url)), "python_bot.py");

export class PythonBot {
  #inbox = new Inbox();
  #child;

  /** Runs in a new folder below `folder`: the SDK keeps a cache in the one that it is started in. */
  constructor(python, gateway, { appId, key }, folder) {
    const env = { PATH: process.env.PATH, MEZON_APP_KEY: key };
    const cwd = mkdtempSync(join(folder, "python-"));
    this.#child = spawn(python, [SCRIPT, gateway, appId], { cwd, env, stdio: ["ignore", "pipe", "inherit"] });
    this.#child.on("error", (error) => this.#inbox.close(error));
    this.#child.on("exit", (code, signal) => {
      this.#inbox.close(new Error(`the Python bot ended (${signal ?? `exit code ${code}`})`));
    });
    createInterface({ input: this.#child.stdout }).on("line", (line) => this.#inbox.push(JSON.parse(line)));
  }

  /** The session that it got: once it is signed in and connected. */
  ready() {
    return this.#inbox.take("the Python bot is ready", ({ event }) => event === "ready", 30);
  }

  joined(channel) {
    const wanted = (item) => item.event === "joined" && item.channel_id === channel;
    return this.#inbox.take("the Python bot joins the new channel", wanted);
  }

  receive(text) {
    const wanted = (item) => item.event === "message" && item.text === text;
    return this.#inbox.take(`the Python bot receives "${text}"`, wanted);
  }

  /** The next message that it has sent, as the acknowledgement names it. */
  sent() {
    return this.#inbox.take("the Python bot has sent", ({ event }) => event === "sent");
  }

  disconnect() {
    this.#child.kill("SIGKILL");
  }
}
