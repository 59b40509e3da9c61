/** Calls over real connections while a server is kept from its end: what is waited for, for how long, and that nothing of it stays. */
import { once } from "node:events";
import { Agent, createServer, request as httpRequest, type ServerResponse } from "node:http";
import { connect, type AddressInfo, type Socket } from "node:net";
import { createLimitState } from "@outrigger/policy";
import { describe, expect, it, onTestFinished } from "vitest";
import { createPolicyHolder } from "./bundle/policy-in-force.ts";
import { createByteBudget } from "./call/budget.ts";
import { createDeadlines } from "./call/deadlines.ts";
import { createDoor } from "./call/receive.ts";
import { createRecorder } from "./call/record.ts";
import { createDrain, type Drain, type HoldLimits } from "./drain.ts";
import { until } from "./stdio/testing/fixture.ts";
import { createHttpUpstream } from "./upstream/http.ts";

/** A server that answers when the test says so. */
interface SlowServer {
  readonly port: number;
  /** Requests that wait for their answer. */
  readonly waiting: readonly ServerResponse[];
  /** Answers the oldest one. */
  readonly answer: (text?: string) => void;
}

async function startSlowServer(): Promise<SlowServer> {
  const waiting: ServerResponse[] = [];
  const server = createServer((request, response) => {
    request.resume().on("end", () => void waiting.push(response));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    // A TCP server's address.
    port: (server.address() as AddressInfo).port,
    waiting,
    answer: (text = "") => {
      const result = { jsonrpc: "2.0", id: 1, result: { content: [{ type: "text", text }] } };
      waiting.shift()?.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(result));
    },
  };
}

/** Within the default limit, and more than the kernel keeps for a client that does not read. */
const bigBytes = 9 * 1024 ** 2;

/** A real door before the server, with a drain. */
async function openDoor(
  server: SlowServer,
  drainClock = (): number => performance.now(),
): Promise<{ readonly drain: Drain; readonly port: number }> {
  const holder = createPolicyHolder({ base: "file", floor: [], wallNow: Date.now });
  await holder.apply(new Map([["file", "{}"]]));
  const upstream = createHttpUpstream(`http://127.0.0.1:${server.port}`, { maxCalls: 64, maxStreams: 64 });
  const now = (): number => performance.now();
  const deadlines = createDeadlines(now, 10);
  const drain = createDrain(drainClock);
  const door = createDoor(
    {
      server: "test",
      upstream: drain.watch(upstream),
      forward: { host: `127.0.0.1:${server.port}`, extra: [] },
      policy: holder.current,
      limits: createLimitState(),
      deadlines,
      callTimeoutMs: 20_000,
      budget: createByteBudget(32 * 1024 ** 2),
      recorder: createRecorder({ isKnownTool: () => true }),
      now,
      onOutcome: () => undefined,
    },
    { path: "/mcp", upstreamPath: "/mcp", addresses: { hosts: new Set() }, ...drain },
  );
  await door.listen({ host: "127.0.0.1", port: 0 });
  onTestFinished(async () => {
    await door.close();
    deadlines.close();
    await upstream.close();
  });
  return { drain, port: (door.server.address() as AddressInfo).port };
}

const callOf = (method: string): string => JSON.stringify({ jsonrpc: "2.0", id: 1, method, params: { name: "t" } });
const call = callOf("tools/call");

/** Sends a call on a connection that is kept where the answer allows it; gives the answer's `connection` header and its text. */
function send(port: number, agent: Agent, body = call): Promise<{ connection: string | undefined; text: string }> {
  return new Promise((resolve, reject) => {
    const headers = { "content-type": "application/json", accept: "application/json, text/event-stream" };
    const outgoing = httpRequest(
      { host: "127.0.0.1", port, method: "POST", path: "/mcp", agent, headers },
      (answer) => {
        let text = "";
        answer.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
        answer.on("end", () => resolve({ connection: answer.headers.connection, text }));
      },
    );
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}

function createAgent(): Agent {
  const agent = new Agent({ keepAlive: true });
  onTestFinished(() => agent.destroy());
  return agent;
}

/** A socket on which a test writes HTTP by itself. */
async function openSocket(port: number): Promise<Socket> {
  const socket = connect({ host: "127.0.0.1", port });
  socket.on("error", () => undefined);
  onTestFinished(() => void socket.destroy());
  await once(socket, "connect");
  return socket;
}

const headOf = (length: number): string =>
  ["POST /mcp HTTP/1.1", "host: 127.0.0.1", "content-type: application/json", `content-length: ${length}`, "", ""].join(
    "\r\n",
  );

/** A hold that gives the number of calls that are left; without limits of the test's own, with hardly a quiet time. */
const hold = (drain: Drain, limits: Partial<HoldLimits> = {}): Promise<number> =>
  drain.hold({ quietMs: 1, limitMs: 20_000, signal: new AbortController().signal, ...limits });

/** A hold with its state. */
function watchHold(drain: Drain, limits: Partial<HoldLimits> = {}) {
  const state = { hasEnded: false };
  const held = hold(drain, limits).then((left) => {
    state.hasEnded = true;
    return left;
  });
  return { state, held };
}

describe("keeping a server from its end", () => {
  it("lasts as long as a call is under way, and no longer", async () => {
    const server = await startSlowServer();
    const { drain, port } = await openDoor(server);
    const answered = send(port, createAgent());
    await until("the call is at the server", () => server.waiting.length === 1);
    const { state, held } = watchHold(drain);
    // Another exchange of the same door comes and goes meanwhile.
    await expect(send(port, createAgent(), "not JSON")).resolves.toBeDefined();
    expect(state.hasEnded).toBe(false);
    server.answer("done");
    expect(await held).toBe(0);
    expect((await answered).text).toContain("done");
  });

  it("lasts until no call has come or ended for the quiet time", async () => {
    const server = await startSlowServer();
    const clock = { ms: 0, reads: 0 };
    const { drain, port } = await openDoor(server, () => {
      clock.reads++;
      return clock.ms;
    });
    const agent = createAgent();
    const exchange = async (): Promise<void> => {
      const answered = send(port, agent);
      await until("the call is at the server", () => server.waiting.length === 1);
      server.answer();
      await answered;
    };
    const lookAgain = async (): Promise<void> => {
      const { reads } = clock;
      await until("it has looked at the clock again and again", () => clock.reads > reads + 3);
    };
    await exchange();
    const { state, held } = watchHold(drain, { quietMs: 50 });
    clock.ms = 40;
    await exchange();
    clock.ms = 80;
    await lookAgain();
    expect(state.hasEnded).toBe(false);
    const answered = send(port, agent);
    await until("a long call is at the server", () => server.waiting.length === 1);
    clock.ms = 200;
    server.answer();
    await answered;
    clock.ms = 240;
    await lookAgain();
    expect(state.hasEnded).toBe(false);
    clock.ms = 250;
    expect(await held).toBe(0);
  });

  it("ends at its limit, and says how many calls are left", async () => {
    const server = await startSlowServer();
    const { drain, port } = await openDoor(server);
    const answered = send(port, createAgent());
    await until("the call is at the server", () => server.waiting.length === 1);
    expect(await hold(drain, { limitMs: 50 })).toBe(1);
    server.answer("late, and answered all the same");
    expect((await answered).text).toContain("late");
  });

  it("asks clients to leave their connections, also those whose call began before, and leaves nothing behind", async () => {
    const server = await startSlowServer();
    const { drain, port } = await openDoor(server);
    const agent = createAgent();
    const before = send(port, agent);
    await until("the first call is at the server", () => server.waiting.length === 1);
    const { held } = watchHold(drain);
    const meanwhile = send(port, agent);
    await until("the second call is at the server", () => server.waiting.length === 2);
    server.answer();
    server.answer();
    expect([(await before).connection, (await meanwhile).connection]).toEqual(["close", "close"]);
    await held;
    expect(drain.isLeaving()).toBe(false);
    const after = send(port, agent);
    await until("the third call is at the server", () => server.waiting.length === 1);
    server.answer("as before");
    const { connection, text } = await after;
    expect(connection).toBe("keep-alive");
    expect(text).toContain("as before");
  });

  it("asks so of refused calls too", async () => {
    const server = await startSlowServer();
    const { drain, port } = await openDoor(server);
    const answered = send(port, createAgent());
    await until("the call is at the server", () => server.waiting.length === 1);
    const { held } = watchHold(drain);
    expect((await send(port, createAgent(), "not JSON")).connection).toBe("close");
    server.answer();
    await answered;
    await held;
  });

  it("waits for a call whose body is still on its way", async () => {
    const server = await startSlowServer();
    const { drain, port } = await openDoor(server);
    const socket = await openSocket(port);
    socket.write(headOf(call.length));
    socket.write(call.slice(0, 10));
    await until("the door has seen it", async () => (await hold(drain, { limitMs: 0 })) === 1);
    const { state, held } = watchHold(drain);
    socket.write(call.slice(10));
    await until("the call is at the server", () => server.waiting.length === 1);
    expect(state.hasEnded).toBe(false);
    server.answer();
    expect(await held).toBe(0);
  });

  it("waits for an answer that its client has not read to the end", async () => {
    const server = await startSlowServer();
    const { drain, port } = await openDoor(server);
    const socket = await openSocket(port);
    socket.pause();
    socket.write(headOf(call.length) + call);
    await until("the call is at the server", () => server.waiting.length === 1);
    server.answer("x".repeat(bigBytes));
    expect(await hold(drain, { limitMs: 500 })).toBe(1);
    const { held } = watchHold(drain);
    let size = 0;
    socket.on("data", (chunk: Buffer) => (size += chunk.length));
    socket.resume();
    expect(await held).toBe(0);
    await until("everything has come", () => size > bigBytes);
  });

  it("does not wait for streams that have no end of their own", async () => {
    const server = await startSlowServer();
    const { drain, port } = await openDoor(server);
    const streams = [`GET /mcp HTTP/1.1\r\nhost: 127.0.0.1\r\naccept: text/event-stream\r\n\r\n`];
    const listen = callOf("subscriptions/listen");
    streams.push(headOf(listen.length) + listen);
    for (const text of streams) (await openSocket(port)).write(text);
    await until("both are at the server", () => server.waiting.length === 2);
    for (const response of server.waiting)
      response.writeHead(200, { "content-type": "text/event-stream" }).write(": open\n\n");
    expect(await hold(drain)).toBe(0);
  });

  it("has the connection of a stream end with the stream, although its head promised to keep it", async () => {
    const server = await startSlowServer();
    const { drain, port } = await openDoor(server);
    const socket = await openSocket(port);
    let received = "";
    socket.setEncoding("utf8").on("data", (text: string) => (received += text));
    socket.write("GET /mcp HTTP/1.1\r\nhost: 127.0.0.1\r\naccept: text/event-stream\r\n\r\n");
    await until("the stream is at the server", () => server.waiting.length === 1);
    const [stream] = server.waiting;
    stream?.writeHead(200, { "content-type": "text/event-stream" }).write(": open\n\n");
    await until("the stream is open", () => received.includes(": open"));
    expect(received).toMatch(/connection: keep-alive/i);
    await hold(drain);
    const ended = once(socket, "end");
    stream?.end();
    await ended;
    expect(received).toMatch(/\r\n0\r\n\r\n$/);
  });

  it("forgets a call whose client has gone before its body was whole", async () => {
    const server = await startSlowServer();
    const { drain, port } = await openDoor(server);
    const socket = await openSocket(port);
    socket.write(headOf(call.length));
    await until("the door has seen it", async () => (await hold(drain, { limitMs: 0 })) === 1);
    const { held } = watchHold(drain);
    socket.destroy();
    expect(await held).toBe(0);
  });

  it("ends at once when nobody waits for it any more", async () => {
    const server = await startSlowServer();
    const { drain, port } = await openDoor(server);
    const answered = send(port, createAgent());
    await until("the call is at the server", () => server.waiting.length === 1);
    const leaving = new AbortController();
    const resting = watchHold(drain, { quietMs: 20_000, signal: leaving.signal });
    const waiting = watchHold(drain, { signal: leaving.signal });
    leaving.abort();
    expect(await Promise.all([resting.held, waiting.held])).toEqual([1, 1]);
    expect(drain.isLeaving()).toBe(false);
    server.answer();
    await answered;
  });

  it("is another matter than the sidecar's own end, which is for good", async () => {
    const server = await startSlowServer();
    const { drain, port } = await openDoor(server);
    const answered = send(port, createAgent());
    await until("the call is at the server", () => server.waiting.length === 1);
    const ended = drain.start(20_000);
    expect(drain.isDraining()).toBe(true);
    server.answer();
    await ended;
    expect((await answered).connection).toBe("close");
    expect([drain.isDraining(), drain.isLeaving()]).toEqual([true, true]);
  });
});
