import { once } from "node:events";
import { request } from "node:http";
import { connect, type AddressInfo } from "node:net";
import { readFeedState, type Catalogue, type FeedState, type Health } from "@outrigger/api/feed";
import { createEventSplitter } from "@outrigger/mcp";
import { afterEach, describe, expect, it } from "vitest";
import { createPublisher, type Publisher } from "../catalog/publish.ts";
import type { HttpServer } from "../downstream/http1/server.ts";
import { until } from "../stdio/testing/fixture.ts";
import { createAdminApp } from "./admin-app.ts";
import { createControlApp } from "./control-app.ts";

const apps: HttpServer[] = [];
afterEach(async () => {
  for (const app of apps.splice(0)) await app.close();
});

const enforces = { limits: [], maxRequestBytes: 1, maxResponseBytes: 1 };
const ready = { state: "Ready", reason: "Serving", message: "the server answers", sinceMs: 1 } as const;

async function serve(
  options: { maxReaders?: number; hosts?: readonly string[] } = {},
): Promise<{ publisher: Publisher; origin: string; app: HttpServer }> {
  const publisher = createPublisher({
    server: "notes",
    health: { ...ready, state: "Initializing", reason: "Starting" },
    policy: { hash: "h0", reason: "PolicyApplied", message: "", enforces },
    nowMs: 0,
  });
  const app = createControlApp({
    source: publisher,
    activity: () => ({ inFlight: 1, idleMs: 0 }),
    hosts: [],
    ...options,
  });
  apps.push(app);
  return { publisher, app, origin: await app.listen({ host: "127.0.0.1", port: 0 }) };
}

/** Reads a feed until it is closed. */
async function follow(
  origin: string,
): Promise<{ status: number; states: FeedState[]; hasEnded: () => boolean; close: () => void }> {
  const leaving = new AbortController();
  const response = await fetch(`${origin}/v1/feed`, { signal: leaving.signal });
  const states: FeedState[] = [];
  let ended = false;
  const splitter = createEventSplitter({ maxEventBytes: 1_000_000 });
  const read = async (): Promise<void> => {
    for await (const chunk of response.body ?? []) {
      for (const { event, data } of splitter.push(chunk as Uint8Array).events) {
        const state = event === "state" && data !== undefined ? readFeedState(JSON.parse(data)) : undefined;
        if (state !== undefined) states.push(state);
      }
    }
  };
  void read()
    .catch(() => undefined)
    .finally(() => (ended = true));
  return { status: response.status, states, hasEnded: () => ended, close: () => leaving.abort() };
}

function catalogue(digit: string): Catalogue {
  const tools = [{ name: `tool_${digit}` }];
  return { digest: digit.repeat(64), tools, prompts: [], resources: [], resourceTemplates: [], limited: false };
}

const listed = { reason: "CatalogueListed", message: "", atMs: 2 } as const;

describe("the feed", () => {
  it("sends the state of now at once and every change within a second, each once", async () => {
    const { publisher, origin } = await serve();
    const reader = await follow(origin);
    await until("the first state has come", () => reader.states.length === 1);
    expect(reader.states[0]).toMatchObject({ server: "notes", health: { state: "Initializing" } });
    const started = performance.now();
    publisher.setHealth(ready);
    publisher.setFacts({ identity: { name: "notes" }, era: "modern", protocolVersion: "2026-07-28" });
    publisher.setCatalogue(listed, catalogue("a"));
    await until("the change has come", () => reader.states.length === 2);
    expect(performance.now() - started).toBeLessThan(5_000);
    expect(reader.states[1]).toMatchObject({ health: { state: "Ready" }, era: "modern", digest: "a".repeat(64) });
    publisher.setHealth({ ...ready });
    publisher.setPolicy({ hash: "h1", reason: "PolicyApplied", message: "", enforces });
    await until("the next change has come", () => reader.states.length === 3);
    expect(reader.states[2]).toMatchObject({ policy: { hash: "h1" } });
    reader.close();
  });

  it("keeps the digest when a later list fails", async () => {
    const { publisher } = await serve();
    publisher.setCatalogue(listed, catalogue("a"));
    publisher.setCatalogue({ reason: "ListFailed", message: "no answer", atMs: 3 });
    expect(publisher.current()).toMatchObject({ digest: "a".repeat(64), catalogue: { reason: "ListFailed" } });
  });

  it("refuses one reader too many until another leaves", async () => {
    const { origin } = await serve({ maxReaders: 2 });
    const readers = [await follow(origin), await follow(origin)];
    expect((await follow(origin)).status).toBe(503);
    readers[0]?.close();
    await until("there is room again", async () => {
      const next = await follow(origin);
      next.close();
      return next.status === 200;
    });
    readers[1]?.close();
  });

  it("cuts off a reader that does not read, and serves the others", async () => {
    const { publisher, origin } = await serve();
    const { port } = new URL(origin);
    const asleep = connect({ host: "127.0.0.1", port: Number(port) });
    await once(asleep, "connect");
    asleep.pause().write(`GET /v1/feed HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`);
    const awake = await follow(origin);
    const closed = new Promise((resolve) => asleep.on("close", resolve));
    // 20 MB are more than the buffers between two sockets hold; whoever reads keeps up.
    const instructions = "x".repeat(400_000);
    for (let round = 1; round <= 50; round++) {
      publisher.setFacts({ identity: { name: `${round}`, instructions }, era: "legacy", protocolVersion: "1" });
      await until("the other reader has it", () => awake.states.at(-1)?.identity.name === `${round}`);
    }
    asleep.resume();
    await closed;
    awake.close();
  });

  it("ends its streams when the port closes", async () => {
    const { origin, app } = await serve();
    const reader = await follow(origin);
    await app.close();
    await until("the stream has ended", () => reader.hasEnded());
  });
});

describe("catalogues by digest", () => {
  it("are answered for the last four, unknown ones with 404", async () => {
    const { publisher, origin } = await serve();
    for (const digit of ["1", "2", "3", "4", "5"]) publisher.setCatalogue(listed, catalogue(digit));
    const ask = (digest: string): Promise<Response> => fetch(`${origin}/v1/catalogues/${digest}`);
    const found = await ask("5".repeat(64));
    expect(found.headers.get("content-type")).toMatch(/^application\/json/);
    expect(await found.json()).toEqual(catalogue("5"));
    expect((await ask("2".repeat(64))).status).toBe(200);
    expect((await ask("1".repeat(64))).status).toBe(404);
  });

  it("that are used again are not the oldest any more", async () => {
    const { publisher } = await serve();
    for (const digit of ["1", "2", "3", "4", "1", "5"]) publisher.setCatalogue(listed, catalogue(digit));
    expect(
      ["1", "2", "3", "4", "5"].filter((digit) => publisher.findCatalogue(digit.repeat(64)) !== undefined),
    ).toEqual(["1", "3", "4", "5"]);
  });

  it("of several megabytes are not kept beyond the last one", async () => {
    const { publisher } = await serve();
    const large = (digit: string): Catalogue => ({ ...catalogue(digit), tools: [{ name: "x".repeat(5_000_000) }] });
    publisher.setCatalogue(listed, large("1"));
    publisher.setCatalogue(listed, large("2"));
    expect(publisher.findCatalogue("1".repeat(64))).toBeUndefined();
    expect(publisher.findCatalogue("2".repeat(64))).toBeDefined();
  });
});

describe("the Host of the control port", () => {
  async function statusFor(origin: string, host: string): Promise<number | undefined> {
    const asking = request(`${origin}/v1/catalogues/x`, { headers: { host } }).end();
    const [response] = (await once(asking, "response")) as [{ statusCode?: number; resume: () => void }];
    response.resume();
    return response.statusCode;
  }

  it.each([
    ["127.0.0.1:19081", 404],
    ["[::1]:19081", 404],
    ["10.1.2.3", 404],
    ["localhost:1", 404],
    ["notes.tools.svc", 404],
    ["attacker.example", 403],
    ["127.0.0.1.attacker.example", 403],
    ["localhost.attacker.example:19081", 403],
  ])("%s gives %d", async (host, status) => {
    const { origin } = await serve({ hosts: ["notes.tools.svc"] });
    expect(await statusFor(origin, host)).toBe(status);
  });
});

describe("the admin port", () => {
  it("answers health and metrics from what is passed in, and a stdio server's probes from its health", async () => {
    let missing: string | undefined = "the server has not been listed yet";
    let health: Health = { ...ready, state: "Initializing", reason: "Starting", message: "not answered yet" };
    const app = createAdminApp({
      checks: { ready: { server: () => missing }, started: {} },
      details: () => [],
      metrics: () => "outrigger_up 1\n",
      appProbes: new Map([
        ["/app-health/app/readyz", { kind: "stdio" }],
        ["/app-health/app/livez", { kind: "stdio", asks: "Alive" }],
      ]),
      stopHooks: new Map(),
      health: () => health,
      beforeStop: () => Promise.resolve(),
    });
    apps.push(app);
    await app.listen({ host: "127.0.0.1", port: 0 });
    const { port } = app.server.address() as AddressInfo;
    const status = async (path: string): Promise<number> => (await fetch(`http://127.0.0.1:${port}${path}`)).status;
    expect(await Promise.all(["/livez", "/healthz", "/startupz", "/readyz"].map(status))).toEqual([200, 200, 200, 503]);
    missing = undefined;
    expect(await status("/readyz")).toBe(200);
    const ofServer = ["/app-health/app/readyz", "/app-health/app/livez"];
    expect(await Promise.all(ofServer.map(status))).toEqual([503, 200]);
    health = ready;
    expect(await Promise.all(ofServer.map(status))).toEqual([200, 200]);
    health = { ...ready, state: "Dead", reason: "ProcessExited", message: "it ended" };
    expect(await Promise.all(ofServer.map(status))).toEqual([503, 503]);
    const metrics = await fetch(`http://127.0.0.1:${port}/metrics`);
    expect(metrics.headers.get("content-type")).toMatch(/^text\/plain; version=0\.0\.4/);
    expect(await metrics.text()).toBe("outrigger_up 1\n");
  });
});
