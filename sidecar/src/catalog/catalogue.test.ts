import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { createFixture, packagedServer, until, type Fixture } from "../stdio/testing/fixture.ts";
import { openHttpDoor } from "../stdio/testing/http-door.ts";
import { createHttpUpstream } from "../upstream/http.ts";
import { listBounds } from "./list.ts";
import { observe, type Observed } from "./testing/observed.ts";
import { startPackagedServer } from "./testing/packaged-server.ts";

const closers: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

function observeFixture(fixture: Fixture, options: Parameters<typeof observe>[1] = {}): Observed {
  closers.push(fixture.upstream.close);
  const observed = observe(fixture.upstream, { stdioStatus: fixture.upstream.status, ...options });
  closers.push(observed.close);
  return observed;
}

function observeOrigin(origin: string, options: Parameters<typeof observe>[1] = {}): Observed {
  const upstream = createHttpUpstream(origin, { maxCalls: 16, maxStreams: 16 });
  closers.push(upstream.close);
  const observed = observe(upstream, options);
  closers.push(observed.close);
  return observed;
}

async function serveHttp(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closers.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  // A TCP server has an address object.
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const isListed =
  ({ publisher }: Observed) =>
  (): boolean =>
    publisher.current().catalogue.reason === "CatalogueListed";
const toolNames = (observed: Observed): unknown[] => observed.current().tools.map(({ name }) => name);

describe("the catalogue of a stdio server", () => {
  it("F-087 is listed over all pages, unknown members kept, in the server's order", async () => {
    const observed = observeFixture(createFixture(["--era", "legacy", "--fillers", "25"]));
    await until("it is listed", isListed(observed));
    expect(observed.current().tools.length).toBeGreaterThan(30);
    expect(observed.current().tools[0]).toMatchObject({ name: "echo", "x-kept": { b: 1, a: 2 } });
    expect(toolNames(observed).slice(-2)).toEqual(["filler_23", "filler_24"]);
    expect(observed.current().prompts).toEqual([{ name: "greeting", description: "Says hello" }]);
    expect(observed.publisher.current()).toMatchObject({
      era: "legacy",
      protocolVersion: "2025-11-25",
      identity: { name: "stdio-fixture", title: "Stdio fixture", version: "1.0.0", instructions: "Be gentle." },
      health: { state: "Ready", reason: "Serving" },
    });
    expect(observed.sent.filter((method) => method.startsWith("resources/"))).toEqual([]);
  });

  it("is listed in the modern era where the server speaks it", async () => {
    const observed = observeFixture(createFixture([]));
    await until("it is listed", isListed(observed));
    expect(observed.publisher.current()).toMatchObject({
      era: "modern",
      protocolVersion: "2026-07-28",
      identity: { name: "stdio-fixture" },
    });
    expect(observed.sent).toContain("subscriptions/listen");
    expect(observed.sent).not.toContain("initialize");
  });

  it.each([
    ["exits at discovery", "--exit-on-modern"],
    ["is silent at discovery", "--silent-on-modern"],
  ])("is listed although the server %s", async (_name, switch_) => {
    const fixture = createFixture([switch_]);
    closers.push(fixture.upstream.close);
    const access = { upstream: fixture.upstream, path: "/mcp", headers: [], timeoutMs: 300, maxBytes: 1_000_000 };
    const observed = observeFixture(fixture, { access });
    await until("it is listed", isListed(observed));
    expect(observed.publisher.current().era).toBe("legacy");
  });

  it("is listed again in the same process where the server never tells of changes", async () => {
    const fixture = createFixture(["--era", "legacy", "--no-changes"]);
    const observed = observeFixture(fixture, { relistMs: 50 });
    await until(
      "it was listed three times",
      () => observed.sent.filter((method) => method === "tools/list").length > 5,
    );
    expect(observed.sent).not.toContain("GET");
    expect(new Set(fixture.records().flatMap(({ method, pid }) => (method === "tools/list" ? [pid] : []))).size).toBe(
      1,
    );
  });

  it.each([["legacy"], ["modern"]])("is listed again when the server says that it changed (%s)", async (era) => {
    const fixture = createFixture(["--era", era]);
    const observed = observeFixture(fixture);
    await until("it is listed", isListed(observed));
    const before = observed.publisher.current().digest;
    await changeThrough(observed, "extra_tool");
    await until("the change is published", () => observed.publisher.current().digest !== before);
    expect(toolNames(observed)).toContain("extra_tool");
  });

  it("is listed about once a second by a server that tells of changes without end", async () => {
    const observed = observeFixture(createFixture(["--era", "legacy"]));
    await until("it is listed", isListed(observed));
    const lists = (): number => observed.sent.filter((method) => method === "tools/list").length;
    const perList = lists();
    const started = performance.now();
    for (let change = 0; performance.now() - started < 1_500; change++)
      await changeThrough(observed, `tool_${change % 3}`);
    await until("it was listed again", () => lists() >= 2 * perList);
    const seconds = (performance.now() - started) / 1_000;
    expect(lists() / perList).toBeLessThanOrEqual(2 + seconds);
  });

  it("answers a ping of the server and refuses what else it asks", async () => {
    const fixture = createFixture(["--era", "legacy"]);
    const observed = observeFixture(fixture);
    await until("it is listed", isListed(observed));
    const ask = (method: string): unknown =>
      observed.catalogue.connection()?.connection.request("tools/call", { name: "ask", arguments: { method } });
    expect(await ask("ping")).toMatchObject({ result: { content: [{ text: "{}" }] } });
    expect(await ask("roots/list")).toMatchObject({ result: { content: [{ text: '"refused"' }] } });
    expect(fixture.records().some(({ line }) => line?.includes("-32601") === true)).toBe(true);
  });

  it("survives the crash of the child that it listens to, and is listed again", async () => {
    const fixture = createFixture(["--era", "legacy"]);
    const observed = observeFixture(fixture);
    await until("it is listed", isListed(observed));
    const before = observed.publisher.current();
    const pid = fixture.events.find(({ kind }) => kind === "Started")?.pid;
    const watching = fixture.records().findLast(({ method }) => method === "tools/list")?.pid ?? pid ?? 0;
    process.kill(watching, "SIGKILL");
    await until("another child was listed", () =>
      fixture.records().some(({ method, pid: by }) => method === "tools/list" && by !== watching),
    );
    await until("it is Ready", () => observed.publisher.current().health.state === "Ready");
    expect(observed.publisher.current().digest).toBe(before.digest);
    expect(observed.sent.filter((method) => method === "server/discover")).toHaveLength(1);
  });

  it.each([
    ["@modelcontextprotocol/server-memory/dist/index.js", "create_entities", "memory-server"],
    ["@modelcontextprotocol/server-filesystem/dist/index.js", "read_text_file", "secure-filesystem-server"],
    ["@modelcontextprotocol/server-everything/dist/index.js", "echo", "mcp-servers/everything"],
  ])("is listed from the real server %s", async (path, tool, name) => {
    const args = path.includes("filesystem") ? [import.meta.dirname] : [];
    const observed = observeFixture(createFixture([], packagedServer(path, ...args)));
    await until("it is listed", isListed(observed));
    expect(toolNames(observed)).toContain(tool);
    expect(observed.publisher.current()).toMatchObject({
      era: "legacy",
      identity: { name },
      health: { state: "Ready" },
    });
    await until("it watches", () => observed.catalogue.connection()?.isWatching === true);
  });

  it("tells a server that dies at start with its last words", async () => {
    const observed = observeFixture(createFixture(["--exit-at-start", "3"]));
    const current = observed.publisher.current;
    await until("it is Dead", () => current().health.state === "Dead" && current().catalogue.reason === "ListFailed");
    const { health, catalogue, digest } = observed.publisher.current();
    expect(["ProcessExited", "BackingOff"]).toContain(health.reason);
    expect(health.message).toContain("fatal: the fixture was told to exit");
    expect(catalogue.reason).toBe("ListFailed");
    expect(digest).toBeUndefined();
  });

  it("tells a command that does not exist", async () => {
    const observed = observeFixture(createFixture([], { command: "/no/such/command" }));
    await until("it is Dead", () => observed.publisher.current().health.state === "Dead");
    expect(observed.publisher.current().health).toMatchObject({
      reason: "CommandNotFound",
      message: "the command /no/such/command does not exist",
    });
  });

  it("takes no more than its bounds from a server that lists without end", async () => {
    const observed = observeFixture(createFixture(["--endless-pages", "--era", "legacy"]));
    await until("it is listed", () => observed.publisher.current().catalogue.reason === "CatalogLimited");
    expect(observed.current()).toMatchObject({ limited: true });
    expect(observed.current().tools).toHaveLength(listBounds.maxPages);
    expect(observed.sent.filter((method) => method === "tools/list")).toHaveLength(listBounds.maxPages);
  });

  it("leaves no child behind when it is closed", async () => {
    const fixture = createFixture(["--era", "legacy"]);
    const observed = observeFixture(fixture);
    await until("it is listed", isListed(observed));
    expect(fixture.upstream.status().children).toBe(1);
    await observed.close();
    await until("no child is left", () => fixture.upstream.status().children === 0);
  });
});

async function changeThrough(observed: Observed, name: string): Promise<void> {
  const open = observed.catalogue.connection();
  if (open === undefined) throw new Error("no connection is open");
  await open.connection.request("tools/call", { name: "change", arguments: { name } });
}

describe("the catalogue and policy", () => {
  it("holds what policy leaves, and changes with it without asking the server", async () => {
    const observed = observeFixture(createFixture(["--era", "legacy"]));
    await until("it is listed", isListed(observed));
    const all = observed.publisher.current().digest;
    const asked = observed.sent.length;
    observed.setPolicy({ tools: { allow: ["echo", "p*"], deny: ["pid"] }, prompts: { deny: ["*"] } });
    expect(toolNames(observed).toSorted()).toEqual(["echo", "pieces", "progress"]);
    expect(observed.current().prompts).toEqual([]);
    expect(observed.publisher.current().catalogue.message).toMatch(/^3 of \d+ tools are visible$/);
    observed.setPolicy({});
    expect(observed.publisher.current().digest).toBe(all);
    expect(observed.sent).toHaveLength(asked);
    expect(observed.catalogue.knowsTool("pid")).toBe(true);
    expect(observed.catalogue.knowsTool("no_such_tool")).toBe(false);
  });
});

describe("the catalogue of real HTTP servers", () => {
  it("of a legacy server with sessions is listed and followed", async () => {
    const server = await startPackagedServer("@modelcontextprotocol/server-everything/dist/index.js", [
      "streamableHttp",
    ]);
    closers.push(server.close);
    const observed = observeOrigin(server.origin);
    await until("it is listed", isListed(observed));
    expect(observed.publisher.current()).toMatchObject({
      era: "legacy",
      identity: { name: "mcp-servers/everything" },
      health: { state: "Ready" },
    });
    expect(observed.current().tools.length).toBeGreaterThan(8);
    expect(observed.current().resources.length).toBeGreaterThan(0);
    expect(observed.current().prompts.length).toBeGreaterThan(0);
    await until("it watches", () => observed.catalogue.connection()?.isWatching === true);
    await until("it is probed by ping", () => observed.sent.includes("ping"));
    await server.close();
    await until("it is Dead", () => observed.publisher.current().health.state === "Dead");
    // The probe and the list fail each in their own time.
    await until("its list failed", () => observed.publisher.current().catalogue.reason === "ListFailed");
    expect(observed.publisher.current()).toMatchObject({ health: { reason: "ProbeFailed" } });
    expect(observed.publisher.current().digest).toBeDefined();
    const again = await startPackagedServer(
      "@modelcontextprotocol/server-everything/dist/index.js",
      ["streamableHttp"],
      server.port,
    );
    closers.push(again.close);
    await until(
      "it is Ready again",
      () => observed.publisher.current().health.state === "Ready" && isListed(observed)(),
    );
  });

  it("of a server of both eras is listed in the modern one and probed by discovery", async () => {
    const server = await startPackagedServer("@upstash/context7-mcp/dist/index.js", [
      "--transport",
      "http",
      "--port",
      "PORT",
    ]);
    closers.push(server.close);
    const observed = observeOrigin(server.origin);
    await until("it is listed", isListed(observed));
    expect(observed.publisher.current()).toMatchObject({
      era: "modern",
      protocolVersion: "2026-07-28",
      health: { state: "Ready" },
    });
    expect(toolNames(observed)).toHaveLength(2);
    const before = observed.sent.length;
    await until("it is probed", () => observed.sent.slice(before).includes("server/discover"));
    expect(observed.sent.slice(before).every((method) => method === "server/discover")).toBe(true);
    expect(observed.sent).not.toContain("initialize");
  });

  it("ends its session where nothing is to be followed", async () => {
    const methods: string[] = [];
    const origin = await serveHttp((incoming, outgoing) => {
      const chunks: Buffer[] = [];
      incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
      incoming.on("end", () => {
        const message =
          chunks.length === 0 ? {} : (JSON.parse(Buffer.concat(chunks).toString()) as { id?: string; method?: string });
        methods.push(message.method ?? incoming.method ?? "");
        const results: Record<string, object> = {
          initialize: { protocolVersion: "2025-06-18", capabilities: { tools: {} }, serverInfo: { name: "plain" } },
          "tools/list": { tools: [{ name: "a" }] },
        };
        const result = results[message.method ?? ""];
        if (result === undefined) outgoing.writeHead(message.method === "server/discover" ? 400 : 202).end();
        else {
          outgoing.writeHead(200, { "content-type": "application/json", "mcp-session-id": "s1" });
          outgoing.end(JSON.stringify({ jsonrpc: "2.0", id: message.id, result }));
        }
      });
    });
    const observed = observeOrigin(origin);
    await until("it is listed", isListed(observed));
    await until("the session was ended", () => methods.includes("DELETE"));
    expect(observed.catalogue.connection()).toBeUndefined();
    await until("it is probed by a GET", () => methods.includes("GET"));
    expect(observed.publisher.current().health.state).toBe("Ready");
    expect(methods).not.toContain("ping");
  });
});

describe("servers that can't be listed", () => {
  it("that suddenly list nothing keep what they listed until they say so twice", async () => {
    const server = { tools: [{ name: "a", inputSchema: {} }] as object[], lists: 0, emptyAnswers: 0 };
    const origin = await serveHttp((request, response) => {
      let text = "";
      request.on("data", (chunk: Buffer) => (text += chunk.toString("utf8")));
      request.on("end", () => {
        // The test's own client sends JSON-RPC only.
        const { id, method } = (text === "" ? {} : JSON.parse(text)) as { id?: number; method?: string };
        if (method === "tools/list") {
          server.lists++;
          if (server.tools.length === 0) server.emptyAnswers++;
        }
        const result =
          method === "server/discover"
            ? { supportedVersions: ["2026-07-28"], capabilities: { tools: {} } }
            : { tools: server.tools };
        response
          .writeHead(200, { "content-type": "application/json" })
          .end(JSON.stringify({ jsonrpc: "2.0", id, result }));
      });
    });
    const observed = observeOrigin(origin);
    await until("it is listed", isListed(observed));
    server.tools = [];
    observed.catalogue.relist("test");
    await until("the empty list was believed", () => observed.current().tools.length === 0 && isListed(observed)());
    expect(server.emptyAnswers).toBeGreaterThanOrEqual(2);
    const failures = observed.states.filter(({ catalogue }) => catalogue.reason === "ListFailed");
    expect(failures.map(({ catalogue }) => catalogue.message)).toEqual([
      "the list came back empty; it is asked for again",
    ]);
  });

  it("that ask for credentials are alive", async () => {
    const origin = await serveHttp((_incoming, outgoing) =>
      outgoing.writeHead(401, { "www-authenticate": "Bearer" }).end(),
    );
    const observed = observeOrigin(origin);
    await until("it is known", () => observed.publisher.current().health.reason === "Unauthorized");
    expect(observed.publisher.current()).toMatchObject({
      health: { state: "Degraded" },
      catalogue: { reason: "ListFailed" },
    });
  });

  it("that are no MCP servers are told apart from dead ones", async () => {
    const origin = await serveHttp((_incoming, outgoing) =>
      outgoing.writeHead(200, { "content-type": "text/html" }).end("<p>"),
    );
    const observed = observeOrigin(origin);
    await until("it is known", () => observed.publisher.current().health.reason === "ListFailed");
    expect(observed.publisher.current().catalogue.message).toContain("text/html");
  });

  it("that are not there are Initializing first", async () => {
    const observed = observeOrigin("http://127.0.0.1:1");
    await until("it was tried", () => observed.publisher.current().catalogue.reason === "ListFailed");
    expect(observed.publisher.current().health).toMatchObject({ state: "Initializing", reason: "ProbeFailed" });
  });

  it("are reported by failed calls within a second", async () => {
    let isDown = false;
    const fixture = createFixture([]);
    const door = await openHttpDoor(fixture.upstream);
    closers.push(door.close, fixture.upstream.close);
    const upstream = createHttpUpstream(door.url.origin, { maxCalls: 16, maxStreams: 16 });
    closers.push(upstream.close);
    const observed = observe({
      ...upstream,
      send(request, sink) {
        if (!isDown) return upstream.send(request, sink);
        queueMicrotask(() => sink.onFailure({ reason: "UpstreamUnavailable", message: "down", sent: false }));
        return { resume: () => undefined, abort: () => undefined };
      },
    });
    closers.push(observed.close);
    await until("it is listed", isListed(observed));
    isDown = true;
    const started = performance.now();
    observed.tracker.reportOutcome("failed");
    await until("it is Degraded", () => observed.publisher.current().health.state !== "Ready");
    expect(performance.now() - started).toBeLessThan(5_000);
    isDown = false;
    observed.tracker.reportOutcome("ok");
    expect(observed.publisher.current().health.state).toBe("Ready");
  });
});
