/** Floods: bodies and headers without an end, bodies that are nearly whole, answers that nobody reads, events by the hundred thousand. */
import { setTimeout as pause } from "node:timers/promises";
import { waitFor } from "../../fixtures/wait-for.ts";
import { tinyEvent } from "../app/counting-app.ts";
import { callOf, writeRequest } from "../generators/request.ts";
import { memoryBoundMiB, type Stage } from "../stage.ts";
import { openConnection, openMany, pour, type Connection } from "./connection.ts";
import type { Scenario, ScenarioOutcome } from "./scenario.ts";

const mib = 1_024 ** 2;
const gib = 1_024 ** 3;

/** What of a body beyond the limit may leave a client before it is refused, in bytes: buffers of both systems, and no more. */
const refusedWithinBytes = 32 * mib;

async function pourBodies({ door }: Stage): Promise<ScenarioOutcome> {
  const heads = [
    writeRequest({ headers: [`Content-Length: ${gib}`] }),
    writeRequest({ headers: ["Transfer-Encoding: chunked"] }),
  ];
  const chunks = [Buffer.alloc(mib, " "), Buffer.from(`100000\r\n${" ".repeat(mib)}\r\n`)];
  const written = await Promise.all(
    [0, 1, 0, 1, 0, 1, 0, 1].map(async (kind) => {
      const connection = openConnection(door.port, { isReader: true });
      connection.socket.write(heads[kind] ?? "");
      const bytes = await pour(connection, chunks[kind] ?? Buffer.alloc(0), gib);
      await connection.closed;
      return bytes;
    }),
  );
  const most = Math.max(...written);
  const summary = `8 bodies of 1 GB, refused after ${(most / mib).toFixed(1)} MiB at most`;
  return most <= refusedWithinBytes
    ? { summary }
    : { summary, problem: `a body was taken for ${(most / mib).toFixed(0)} MiB` };
}

async function pourHeaders({ door }: Stage): Promise<ScenarioOutcome> {
  const line = Buffer.from(`X-Header: ${"a".repeat(4_000)}\r\n`);
  const written = await Promise.all(
    Array.from({ length: 50 }, async () => {
      const connection = openConnection(door.port, { isReader: true });
      connection.socket.write("POST /mcp HTTP/1.1\r\nHost: localhost\r\n");
      const bytes = await pour(connection, line, 64 * mib);
      await connection.closed;
      return bytes;
    }),
  );
  const most = Math.max(...written);
  const summary = `50 heads without an end, refused after ${(most / mib).toFixed(1)} MiB at most`;
  return most <= refusedWithinBytes
    ? { summary }
    : { summary, problem: `a head was taken for ${(most / mib).toFixed(0)} MiB` };
}

/** Bodies that are allowed, each lacking its last byte: together they are more than the process may hold. */
async function holdBodies({ door, check }: Stage): Promise<ScenarioOutcome> {
  const size = 4 * mib - 1_024;
  const count = Math.ceil((2 * memoryBoundMiB * mib) / size);
  const head = writeRequest({ headers: [`Content-Length: ${size}`] });
  const connections = openMany(door.port, count, { isReader: true, bytes: head });
  const summary = `${count} bodies of 4 MiB that lack a byte`;
  const pouring = connections.map((connection) => pour(connection, Buffer.alloc(size - 1, " "), size - 1));
  await Promise.race([Promise.all(pouring), pause(10_000)]);
  await pause(1_000);
  const problem = check();
  for (const { socket } of connections) socket.destroy();
  return problem === undefined ? { summary } : { summary, problem };
}

/** How many tiny events an answer has that the sidecar passes unread, and one that it reads. */
const eventCount = 100_000;
const readEventCount = 20_000;

async function readEvents({ door }: Stage): Promise<ScenarioOutcome> {
  const list = '{"jsonrpc":"2.0","id":1,"method":"tools/list"}';
  const headers = [`X-Events: ${eventCount}`, "Connection: close"];
  // Each of these is read by the sidecar, since an answer may lie in it.
  const readHeaders = [`X-Events: ${readEventCount}`, "Connection: close"];
  const requests = [
    writeRequest({ headers, body: callOf("echo") }),
    writeRequest({ headers: readHeaders, body: list }),
    writeRequest({ headers: readHeaders, method: "GET" }),
  ];
  const readers = requests.flatMap((bytes) => openMany(door.port, 1, { isReader: true, bytes }));
  const idle = requests.flatMap((bytes) => openMany(door.port, 10, { isReader: false, bytes }));
  await Promise.all(readers.map(({ closed }) => closed));
  for (const { socket } of idle) socket.destroy();
  const summary = `${eventCount.toLocaleString("en")} events read, 30 answers left unread`;
  const short = readers.find(
    ({ readBytes }, at) => readBytes() < (at === 0 ? eventCount : readEventCount) * tinyEvent.length,
  );
  if (short === undefined) return { summary };
  return { summary, problem: `an answer ends after ${short.readBytes()} bytes: ${JSON.stringify(short.tail())}` };
}

/** Answers that never end, all at once: what is held of them has one bound. */
async function holdAnswers({ door }: Stage): Promise<ScenarioOutcome> {
  const bytes = writeRequest({ headers: ["X-Answer: json-without-end"], body: callOf("echo") });
  const connections = openMany(door.port, 64, { isReader: true, bytes });
  const isAnswered = ({ head }: Connection): boolean => head().includes("\r\n\r\n");
  try {
    await waitFor("every answer has an end", () => connections.every(isAnswered), 60_000);
  } catch {
    return {
      summary: "not done",
      problem: await describeUnanswered(
        connections.filter((each) => !isAnswered(each)),
        door,
      ),
    };
  }
  const passed = connections.filter(({ head }) => !/"isError":true|"error":/.test(head()));
  for (const { socket } of connections) socket.destroy();
  const summary = "64 answers without an end at once, each refused";
  return passed.length === 0
    ? { summary }
    : { summary, problem: `an answer without an end passed: ${passed[0]?.head() ?? ""}` };
}

/** Whether connections without an answer are closed, and why, and whether their calls are under way in the sidecar. */
async function describeUnanswered(left: readonly Connection[], door: Stage["door"]): Promise<string> {
  const closed = left.filter(({ isClosed }) => isClosed());
  const errors = [...new Set(closed.map(({ error }) => error()))].join(", ");
  const calls = await door.gauge("open_calls");
  return `${left.length} of 64 have no answer after 60 s; ${closed.length} of these are closed (${errors}), ${calls} calls are under way`;
}

export const floods: readonly Scenario[] = [
  { name: "bodies of 1 GB", run: pourBodies },
  { name: "endless headers", run: pourHeaders },
  { name: "bodies never finished", run: holdBodies },
  { name: "floods of events", run: readEvents },
  { name: "endless answers", run: holdAnswers },
];
