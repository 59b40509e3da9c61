/** Crowds: sessions that nobody closes, clients that are slow, clients that leave at every point, and bodies that are work to read. */
import type { Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { play } from "../door/play.ts";
import { callOf, writeRequest } from "../generators/request.ts";
import type { Stage } from "../stage.ts";
import { openConnection, openMany } from "./connection.ts";
import type { Scenario, ScenarioOutcome } from "./scenario.ts";

const initialize = JSON.stringify({
  jsonrpc: "2.0",
  id: 0,
  method: "initialize",
  params: { protocolVersion: "2025-06-18", capabilities: {}, clientInfo: { name: "crowd", version: "1" } },
});

const sessionCount = 10_000;
const sessionConnections = 50;
const streamCount = 1_500;

/** Opens sessions one after the other over some connections, as many as the sidecar lets in, and then streams; nobody ends any. */
async function openSessions(stage: Stage): Promise<ScenarioOutcome> {
  const { door } = stage;
  const openers = Array.from({ length: sessionConnections }, () =>
    openInTurn(door.port, sessionCount / sessionConnections),
  );
  const ready = await settled(() => openers.every(({ left }) => left() === 0));
  const get = writeRequest({ method: "GET", headers: ["Mcp-Session-Id: session-1"] });
  const streams = openMany(door.port, streamCount, { isReader: true, bytes: get });
  const open = await settled(() => streams.every(({ head }) => head().includes(": open")));
  const problem = describeOpen(ready, open, openers.find(({ left }) => left() > 0)?.last()) ?? stage.check();
  for (const { socket } of [...openers, ...streams]) socket.destroy();
  const refused = openers.reduce((sum, opener) => sum + opener.refused(), 0);
  const asked = `${sessionCount.toLocaleString("en")} sessions never closed, ${refused.toLocaleString("en")} of them one too many`;
  const summary = `${asked}; ${streamCount.toLocaleString("en")} streams open`;
  return problem === undefined ? { summary } : { summary, problem };
}

interface Opener {
  readonly socket: Socket;
  readonly left: () => number;
  /** Sessions that were refused, since as many as may be are open. */
  readonly refused: () => number;
  /** What came last. */
  readonly last: () => string;
}

/** Opens `count` sessions over one connection, each when the one before is there. */
function openInTurn(port: number, count: number): Opener {
  const request = writeRequest({ body: initialize });
  const { socket, tail } = openConnection(port, { isReader: true });
  let left = count;
  let refused = 0;
  socket.write(request);
  socket.on("data", (chunk: Buffer) => {
    // The head and the body of an answer may come apart: each answer has one session.
    const text = chunk.toString("latin1");
    const isRefused = text.startsWith("HTTP/1.1 429");
    if (!isRefused && !text.includes("mcp-session-id")) return;
    if (isRefused) refused++;
    left--;
    if (left > 0) socket.write(request);
  });
  return { socket, left: () => left, refused: () => refused, last: tail };
}

function describeOpen(isReady: boolean, isOpen: boolean, last = ""): string | undefined {
  if (!isReady) return `not every session was opened; what came last: ${JSON.stringify(last)}`;
  return isOpen ? undefined : "not every stream was opened";
}

/** Whether a condition comes to hold within a minute. */
async function settled(isDone: () => boolean): Promise<boolean> {
  for (let left = 1_200; left > 0 && !isDone(); left--) await pause(50);
  return isDone();
}

/** After this a request that is not whole has been refused, in ms: the door's bound of 60 s, and half a minute between two looks. */
const slowBoundMs = 95_000;

/** Connections that send a byte now and then: half of them a head, half of them a body. */
async function openSlow({ door }: Stage): Promise<ScenarioOutcome> {
  const openedMs = performance.now();
  const head = openMany(door.port, 500, { isReader: true, bytes: "POST /mcp HTTP/1.1\r\nHost: localhost\r\nX-Slow: " });
  const body = openMany(door.port, 500, {
    isReader: true,
    bytes: writeRequest({ headers: ["Content-Length: 100000"] }),
  });
  const all = [...head, ...body];
  const dripping = setInterval(() => {
    for (const { socket } of all) if (!socket.destroyed) socket.write("a");
  }, 2_000);
  await pause(1_000);
  return {
    summary: "500 heads and 500 bodies, a byte every 2 s",
    finish: () => {
      // A run that is shorter than the bound can't see it.
      const isOver = performance.now() - openedMs > slowBoundMs;
      const open = all.filter(({ isClosed }) => !isClosed()).length;
      clearInterval(dripping);
      for (const { socket } of all) socket.destroy();
      const problem = `${open} slow requests are still open after ${slowBoundMs / 1_000} s`;
      return Promise.resolve(isOver && open > 0 ? problem : undefined);
    },
  };
}

/** Every way to leave: before a byte, in the head, in the body, before the answer, in the answer. */
async function leaveEverywhere({ door }: Stage): Promise<ScenarioOutcome> {
  const request = writeRequest({ body: callOf("echo") });
  const cuts = [0, 1, 20, request.indexOf("\r\n\r\n"), request.length - 40, request.length - 1, request.length];
  let left = 0;
  for (let round = 0; round < 40; round++) {
    const connections = cuts.flatMap((cut) =>
      openMany(door.port, 6, { isReader: false, bytes: request.subarray(0, cut) }),
    );
    await pause(round % 3);
    for (const [at, { socket }] of connections.entries()) {
      if (at % 2 === 0) socket.resetAndDestroy();
      else socket.destroy();
    }
    left += connections.length;
  }
  return { summary: `${left.toLocaleString("en")} clients that left` };
}

const million = 1_000_000;

/** Bodies within the limit that are much work for a careless reader. */
const bombs: readonly string[] = [
  "[".repeat(4 * million),
  '{"a":'.repeat(800_000),
  `[${"{},".repeat(million)}{}]`,
  `[${`${callOf("delete_all")},`.repeat(30_000)}1]`,
  `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"${"a".repeat(3 * million)}"}}`,
  `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"${"\\u0041".repeat(600_000)}"}}`,
  `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"delete_all","arguments":{${Array.from({ length: 200_000 }, (_, at) => `"k${at}":1`).join(",")}}}}`,
  `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{${Array.from({ length: 200_000 }, (_, at) => `"k${at}":1`).join(",")},"name":"delete_all"}}`,
  `{"jsonrpc":"2.0","id":${"9".repeat(3 * million)},"method":"tools/call","params":{"name":"delete_all"}}`,
  `${" ".repeat(3 * million)}${callOf("delete_all")}`,
];

async function sendBombs(stage: Stage): Promise<ScenarioOutcome> {
  const inputs = bombs.map((body) => ({
    generator: "bombs",
    bytes: writeRequest({ body }),
    cuts: [],
    ending: "answered" as const,
  }));
  // Four at once: what they cost is time, and the ordinary client measures it.
  for (let at = 0; at < inputs.length; at += 4) {
    const played = await Promise.all(inputs.slice(at, at + 4).map((input) => play(stage.door.port, input)));
    const problem = played.find((each) => each.problem !== undefined)?.problem ?? stage.check();
    if (problem !== undefined) return { summary: "bombs", problem };
  }
  return { summary: `${bombs.length} bodies of up to 4 MB, nested, wide and long` };
}

/** Connections that are opened and never used. */
async function openIdle(stage: Stage): Promise<ScenarioOutcome> {
  const connections = Array.from({ length: 3_000 }, () => openConnection(stage.door.port, { isReader: true }));
  await pause(1_500);
  const problem = stage.check();
  for (const { socket } of connections) socket.destroy();
  const summary = "3,000 connections that say nothing";
  return problem === undefined ? { summary } : { summary, problem };
}

export const crowds: readonly Scenario[] = [
  { name: "slow clients", run: openSlow },
  { name: "sessions never closed", run: openSessions },
  { name: "clients that leave", run: leaveEverywhere },
  { name: "bodies that are work", run: sendBombs },
  { name: "silent connections", run: openIdle },
];
