// A user on the official JavaScript SDK, used as its readme says.

import { createRequire } from "node:module";
import { WebSocket } from "ws";
import { Inbox, within } from "./inbox.mjs";

// The SDK is written for browsers. Node.js has a global WebSocket from version 22 on, and no window.
globalThis.WebSocket ??= WebSocket;
globalThis.window ??= globalThis;

// The package's ES module imports a path that Node.js does not resolve; its CommonJS build works.
const { LightClient, LightSocket } = createRequire(import.meta.url)("mezon-light-sdk");

export class JsPeer {
  #client;
  #socket;
  #inbox = new Inbox();

  constructor(client) {
    this.#client = client;
    // The SDK prints the new token here.
    client.onRefreshSession = () => {};
  }

  static async signIn(gateway, { userId, username }, settings = {}) {
    const config = { id_token: `id token of ${username}`, user_id: userId, username, gateway_url: gateway, ...settings };
    return new JsPeer(await within(10, `${username} signs in`, LightClient.authenticate(config)));
  }

  static restore(exported) {
    return new JsPeer(LightClient.initClient(exported));
  }

  get userId() {
    return this.#client.userId;
  }

  get refreshToken() {
    return this.#client.getRefreshToken();
  }

  exportSession() {
    return this.#client.exportSession();
  }

  openDm(peer) {
    return within(10, "createDM", this.#client.createDM(peer));
  }

  openGroup(peers) {
    return within(10, "createGroupDM", this.#client.createGroupDM(peers));
  }

  refresh() {
    return within(10, "refreshSession", this.#client.refreshSession());
  }

  async connect() {
    this.#socket = new LightSocket(this.#client, this.#client.session);
    this.#socket.onChannelMessage((message) => this.#inbox.push(message));
    await within(10, "connect", this.#socket.connect());
  }

  joinDm(channel) {
    return within(10, "joinDMChannel", this.#socket.joinDMChannel(channel));
  }

  joinGroup(channel) {
    return within(10, "joinGroupChannel", this.#socket.joinGroupChannel(channel));
  }

  /** Ends when the server has acknowledged the message. */
  sendDm(channelId, text, attachments = []) {
    return within(10, "sendDM", this.#socket.sendDM({ channelId, content: { t: text }, attachments }));
  }

  sendGroup(channelId, text) {
    return within(10, "sendGroup", this.#socket.sendGroup({ channelId, content: { t: text } }));
  }

  receive(text) {
    return this.#inbox.take(`the JavaScript SDK receives "${text}"`, (message) => message.content?.t === text);
  }

  disconnect() {
    this.#socket?.disconnect();
    this.#socket = undefined;
  }
}
