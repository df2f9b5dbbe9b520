// What the two SDKs have to be able to do with the emulator, and with each other across it.

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { JsPeer } from "./js_peer.mjs";
import { RustPeer } from "./rust_peer.mjs";

// Ids as the service makes them: beyond 2^53, where a JavaScript number would lose the last digits.
const ALICE = { userId: "1840651409843261441", username: "alice" };
const BOB = { userId: "1840651409843261443", username: "bob" };
const CAROL = { userId: "1840651409843261445", username: "carol" };
const DAVE = { userId: "1840651409843261447", username: "dave" };

const PICTURE = { filename: "dot.png", url: "https://cdn.example/dot.png", filetype: "image/png", size: 67, width: 1, height: 1 };

/** Name and body of each scenario. Each signs in anew; nothing is shared but the emulator. */
export const scenarios = [
  ["JavaScript: a wrong server key is refused", wrongServerKey],
  ["JavaScript: a direct conversation, both ways, with an attachment", direct],
  ["JavaScript: a group conversation", group],
  ["JavaScript: a refreshed session goes on", refresh],
  ["JavaScript: an exported session is taken up again", restore],
  ["JavaScript and Rust: text and attachments, both ways", acrossText],
  ["JavaScript and Rust: a file uploaded by Rust is read by JavaScript", acrossUpload],
  ["JavaScript and Rust: both refresh their sessions and go on", acrossRefresh],
  ["JavaScript and Rust: each takes up the other's session", acrossSession],
  ["Python and Rust: a bot signs in, is spoken to and answers", pythonBot],
];

async function wrongServerKey({ gateway }) {
  await assert.rejects(JsPeer.signIn(gateway, ALICE, { serverkey: "not the key" }), ({ status }) => status === 401);
}

async function direct({ gateway, disconnectAtEnd }) {
  const [alice, bob] = await bothSignIn(gateway, ALICE, BOB);
  const channel = (await alice.openDm(BOB.userId)).channel_id;
  assert.equal((await bob.openDm(ALICE.userId)).channel_id, channel, "both open the same channel");
  for (const peer of [alice, bob]) {
    disconnectAtEnd(peer);
    await peer.connect();
    await peer.joinDm(channel);
  }

  await alice.sendDm(channel, "hello bob", [PICTURE]);
  const hello = await bob.receive("hello bob");
  expectMessage(hello, channel, ALICE);
  assert.equal(hello.attachments.length, 1);
  expectAttachment(hello.attachments[0], PICTURE);

  await bob.sendDm(channel, "hello alice ✓ 👋");
  expectMessage(await alice.receive("hello alice ✓ 👋"), channel, BOB);
}

async function group({ gateway, disconnectAtEnd }) {
  const [alice, bob, carol] = await bothSignIn(gateway, ALICE, BOB, CAROL);
  const channel = (await alice.openGroup([BOB.userId, CAROL.userId])).channel_id;
  for (const peer of [alice, bob, carol]) {
    disconnectAtEnd(peer);
    await peer.connect();
    await peer.joinGroup(channel);
  }

  await carol.sendGroup(channel, "hello group");
  for (const peer of [alice, bob]) expectMessage(await peer.receive("hello group"), channel, CAROL);
}

async function refresh({ gateway, disconnectAtEnd }) {
  const [alice, bob] = await bothSignIn(gateway, ALICE, BOB);
  const before = alice.refreshToken;
  await alice.refresh();
  assert.notEqual(alice.refreshToken, before, "the refresh token is rotated");
  // The new tokens serve, for calls, for the socket and for the next refresh.
  await alice.refresh();
  await talk(alice, bob, ALICE, BOB, "after the refresh", disconnectAtEnd);
}

async function restore({ gateway, disconnectAtEnd }) {
  const [alice, bob] = await bothSignIn(gateway, ALICE, BOB);
  const exported = JSON.parse(JSON.stringify(alice.exportSession()));
  assert.equal(exported.user_id, ALICE.userId);
  await talk(JsPeer.restore(exported), bob, ALICE, BOB, "after the restore", disconnectAtEnd);
}

async function acrossText(stage) {
  const { alice, dave, channel } = await jsAndRust(stage);

  await alice.sendDm(channel, "hello dave", [PICTURE]);
  const hello = await dave.receive("hello dave");
  expectMessage(hello, channel, ALICE);
  assert.deepEqual(hello.content, { t: "hello dave" });
  assert.equal(hello.attachments.length, 1);
  expectAttachment(hello.attachments[0], PICTURE);

  const ack = await dave.send(channel, "hello alice, ✓ 👋 to you");
  const answer = await alice.receive("hello alice, ✓ 👋 to you");
  expectMessage(answer, channel, DAVE);
  assert.equal(ack.message_id, answer.message_id, "the acknowledgement names the message");
}

async function acrossUpload(stage) {
  const { alice, dave, channel } = await jsAndRust(stage);
  const bytes = Buffer.from("a file, uploaded over the presigned address\n".repeat(1000));
  const file = join(stage.folder, "report.txt");
  writeFileSync(file, bytes);

  await dave.send(channel, "the report", "--attach", file);
  const message = await alice.receive("the report");
  assert.equal(message.attachments.length, 1);
  const [attachment] = message.attachments;
  assert.equal(attachment.filename, "report.txt");
  assert.equal(Number(attachment.size), bytes.length);
  assert.ok(!attachment.url.includes("?"), "the address in the message carries no signature");

  const download = await fetch(attachment.url);
  assert.equal(download.status, 200);
  assert.ok(Buffer.from(await download.arrayBuffer()).equals(readFileSync(file)), "every byte came through");
}

async function acrossRefresh(stage) {
  const { alice, dave, channel } = await jsAndRust(stage);

  const rust = dave.refreshToken;
  await dave.refresh();
  assert.notEqual(dave.refreshToken, rust, "the Rust session is refreshed and saved");
  await dave.send(channel, "refreshed in Rust");
  expectMessage(await alice.receive("refreshed in Rust"), channel, DAVE);

  await alice.refresh();
  alice.disconnect();
  await alice.connect();
  await alice.joinDm(channel);
  await alice.sendDm(channel, "refreshed in JavaScript");
  expectMessage(await dave.receive("refreshed in JavaScript"), channel, ALICE);
}

async function acrossSession(stage) {
  const { alice, dave, channel } = await jsAndRust(stage);

  // Rust goes on with what JavaScript exported, and the other way round.
  const aliceInRust = stage.rustPeer("alice-from-js");
  aliceInRust.restore(alice.exportSession());
  await aliceInRust.send(channel, "alice, from Rust");
  expectMessage(await dave.receive("alice, from Rust"), channel, ALICE);

  const daveInJs = JsPeer.restore(dave.exportSession());
  assert.equal(daveInJs.userId, DAVE.userId);
  stage.disconnectAtEnd(daveInJs);
  await daveInJs.connect();
  await daveInJs.joinDm(channel);
  await daveInJs.sendDm(channel, "dave, from JavaScript");
  expectMessage(await alice.receive("dave, from JavaScript"), channel, DAVE);
}

async function pythonBot(stage) {
  const bot = stage.pythonBot();
  stage.disconnectAtEnd(bot);
  const session = await bot.ready();
  assert.equal(session.user_id, stage.appId);

  // The bot hears of the new channel and joins it.
  const dave = stage.rustPeer("dave", stage.gatewayForBots);
  await dave.signIn(DAVE);
  const channel = (await dave.openDm(stage.appId)).channel_id;
  await bot.joined(channel);
  await dave.listen(channel);
  const ack = await dave.send(channel, "hello bot ✓ 👋");
  const heard = await bot.receive("hello bot ✓ 👋");
  assert.deepEqual([heard.sender_id, heard.message_id], [DAVE.userId, ack.message_id]);

  const answer = await dave.receive("you said: hello bot ✓ 👋");
  assert.equal(answer.sender_id, stage.appId);
  assert.equal((await bot.sent()).message_id, answer.message_id, "the acknowledgement names the message");
}

function bothSignIn(gateway, ...users) {
  return Promise.all(users.map((user) => JsPeer.signIn(gateway, user)));
}

/** Two JavaScript peers open a direct channel, connect, and each hears the other. */
async function talk(first, second, firstUser, secondUser, text, disconnectAtEnd) {
  const channel = (await first.openDm(secondUser.userId)).channel_id;
  for (const peer of [first, second]) {
    disconnectAtEnd(peer);
    await peer.connect();
    await peer.joinDm(channel);
  }
  await first.sendDm(channel, `${text}, there`);
  expectMessage(await second.receive(`${text}, there`), channel, firstUser);
  await second.sendDm(channel, `${text}, back`);
  expectMessage(await first.receive(`${text}, back`), channel, secondUser);
}

/** Alice on JavaScript and Dave on Rust, both listening to the channel between them. */
async function jsAndRust(stage) {
  const alice = await JsPeer.signIn(stage.gateway, ALICE);
  const dave = stage.rustPeer("dave");
  await dave.signIn(DAVE);
  const channel = (await dave.openDm(ALICE.userId)).channel_id;
  assert.equal((await alice.openDm(DAVE.userId)).channel_id, channel, "both open the same channel");
  stage.disconnectAtEnd(alice);
  await alice.connect();
  await alice.joinDm(channel);
  await dave.listen(channel);
  return { alice, dave, channel };
}

function expectMessage(message, channel, sender) {
  assert.equal(message.channel_id, channel);
  assert.equal(message.sender_id, sender.userId);
  assert.equal(message.username, sender.username);
}

/** The JavaScript SDK has 64-bit sizes as text, the Rust SDK as numbers. */
function expectAttachment({ filename, url, filetype, size, width, height }, wanted) {
  assert.deepEqual({ filename, url, filetype, size: Number(size), width, height }, wanted);
}
