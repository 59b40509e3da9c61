import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { call, legacy, modern, openSession, post, textOf } from "../testing/client.ts";
import { createFixture, isAlive, makeFolder, until, type Fixture } from "../testing/fixture.ts";
import { openHttpDoor, type HttpDoor } from "../testing/http-door.ts";
import { createServe } from "../testing/serve.ts";
import { startShim, type ShimProcess } from "../testing/shim.ts";
import { createSocketSource } from "./connected.ts";

const serve = createServe("shim");
const handshake = legacy(1, "initialize", { protocolVersion: "2025-11-25" });

/** A server whose container is started, killed and started again by the test. */
interface Awaited extends Fixture {
  readonly door: HttpDoor;
  readonly url: URL;
  readonly reached: () => number;
  readonly startContainer: () => Promise<ShimProcess>;
}

async function awaitContainer(...switches: readonly string[]): Promise<Awaited> {
  const path = join(makeFolder(), "stdio.sock");
  let reached = 0;
  let start: () => ShimProcess = () => {
    throw new Error("the source was not created");
  };
  const fixture = createFixture(switches, {
    createSource({ server, stopWaitMs }) {
      start = () => startShim(server, path, ["--stdin-wait", "100", "--term-wait", "100"]);
      return createSocketSource({ path, stopWaitMs, onReachable: () => reached++ });
    },
  });
  const door = await openHttpDoor(fixture.upstream);
  const startContainer = async (): Promise<ShimProcess> => {
    const shim = start();
    await shim.listens();
    return shim;
  };
  return { ...fixture, door, url: door.url, reached: () => reached, startContainer };
}

describe("a container that is not there yet", () => {
  it("is told as a server that starts, and serves as soon as it listens", async () => {
    const { url, door, upstream, reached, startContainer, logged } = await awaitContainer();
    for (let times = 0; times < 5; times++) expect((await post(url, handshake)).status).toBe(503);
    expect(door.failures).toHaveLength(5);
    for (const failure of door.failures) {
      const message = "the server's container does not take sessions yet";
      expect(failure).toEqual({ reason: "UpstreamStarting", message, sent: false });
    }
    expect(upstream.status()).toMatchObject({ state: "Starting", reason: "Starting", children: 0 });
    expect(logged.filter(({ msg, level }) => msg === "server process ended" && level !== "debug")).toHaveLength(1);
    expect(reached()).toBe(0);
    await startContainer();
    await until("it is reached", () => reached() === 1);
    expect(textOf(await post(url, call(1, "echo", { text: "at last" }), await openSession(url)))).toBe("at last");
    expect(upstream.status()).toMatchObject({ state: "Running", reason: "Serving" });
    await upstream.close();
  });

  it("may have left a socket behind that nobody listens on", async () => {
    const { url, door, upstream, reached, startContainer } = await awaitContainer();
    await (await startContainer()).kill("SIGKILL");
    expect((await post(url, handshake)).status).toBe(503);
    expect(door.failures).toMatchObject([{ reason: "UpstreamStarting", sent: false }]);
    await startContainer();
    await until("it is reached", () => reached() === 1);
    expect((await post(url, handshake)).status).toBe(200);
    await upstream.close();
  });

  it("is not looked for any more when the upstream is closed", async () => {
    const { url, upstream, reached, startContainer } = await awaitContainer();
    await post(url, handshake);
    await upstream.close();
    await startContainer();
    expect((await post(url, handshake)).status).toBe(503);
    expect(upstream.status()).toMatchObject({ state: "Closed" });
    expect(reached()).toBe(0);
  });
});

describe("a container that ends", () => {
  it("fails what was under way, and is told as failed until it is back", async () => {
    const { url, door, upstream, reached, records, startContainer } = await awaitContainer();
    const first = await startContainer();
    const session = await openSession(url);
    const waiting = post(url, call(1, "slow", { ms: 60_000 }), session);
    await until("it is under way", () => records().some(({ method }) => method === "tools/call"));
    await first.kill("SIGKILL");
    expect((await waiting).status).toBe(503);
    expect(door.failures[0]).toMatchObject({ reason: "UpstreamBroken", sent: true });
    expect(upstream.status()).toMatchObject({ reason: "ProcessExited", children: 0 });
    expect((await post(url, handshake)).status).toBe(503);
    expect(door.failures[1]).toMatchObject({ reason: "UpstreamStarting", sent: false });
    expect(upstream.status()).toMatchObject({ state: "Starting", reason: "ProcessExited" });
    await startContainer();
    await until("it is reached", () => reached() === 1);
    expect((await openSession(url))["mcp-session-id"]).toBeDefined();
    expect(upstream.status()).toMatchObject({ state: "Running", reason: "Serving" });
    await upstream.close();
  });

  it("in order ends its sessions with the status of their processes", async () => {
    const { url, door, upstream, records, startContainer } = await awaitContainer();
    const shim = await startContainer();
    const session = await openSession(url);
    const waiting = post(url, call(1, "slow", { ms: 60_000 }), session);
    await until("it is under way", () => records().some(({ method }) => method === "tools/call"));
    await shim.kill("SIGTERM");
    await waiting;
    const message = "the server's process ended with code 0";
    expect(door.failures).toEqual([{ reason: "UpstreamBroken", message, sent: true }]);
    await upstream.close();
  });
});

describe("a process behind the shim", () => {
  it("that crashes fails what was under way in it, with the same words as one of our own, and leaves others alone", async () => {
    const { url, door, upstream } = await serve();
    const [broken, healthy] = [await openSession(url), await openSession(url)];
    const others = post(url, call(1, "slow", { ms: 400 }), healthy);
    const waiting = post(url, call(1, "slow", { ms: 60_000 }), broken);
    const replies = await Promise.all([post(url, call(2, "crash", { code: 7 }), broken), waiting]);
    expect(replies.map(({ status }) => status)).toEqual([503, 503]);
    const message = "the server's process ended with code 7";
    const failure = { reason: "UpstreamBroken", message, sent: true };
    expect(door.failures).toEqual([failure, failure]);
    expect(textOf(await others)).toBe("done");
    expect((await post(url, call(3, "echo"), broken)).status).toBe(404);
    expect(upstream.status()).toMatchObject({ state: "Running", children: 1 });
  });

  it("that is killed is told by its signal", async () => {
    const { url, door, records } = await serve();
    const session = await openSession(url);
    const waiting = post(url, call(1, "slow", { ms: 60_000 }), session);
    await until("it is under way", () => records().some(({ method }) => method === "tools/call"));
    process.kill(records()[0]?.pid ?? 0, "SIGKILL");
    await waiting;
    expect(door.failures).toMatchObject([{ message: "the server's process ended by SIGKILL" }]);
  });

  it("that dies before it answers is started again after a pause that grows", async () => {
    const { url, door, upstream, records } = await serve(["--exit-at-start", "3"], {
      restart: { minMs: 300, maxMs: 60_000 },
    });
    expect((await post(url, handshake)).status).toBe(503);
    expect(upstream.status()).toMatchObject({ state: "BackingOff", reason: "ProcessExited", children: 0 });
    expect(upstream.status().message).toBe("the server's process ended with code 3");
    await post(url, handshake);
    expect(door.failures[1]).toMatchObject({ reason: "UpstreamStarting", sent: false });
    expect(records()).toHaveLength(1);
    await until("it was tried again", async () => {
      await post(url, handshake);
      return records().length === 2;
    });
    expect(upstream.status()).toMatchObject({ state: "BackingOff", reason: "BackingOff" });
  });

  it.each([
    ["does not exist", "/no/such/command", "CommandNotFound", "the command /no/such/command does not exist"],
    ["is no program", "/etc/passwd", "ProcessExited", "the command /etc/passwd can't be started: Permission denied"],
  ])("whose command %s is told as what it is", async (_name, command, reason, message) => {
    const { url, door, upstream } = await serve([], { command });
    expect((await post(url, handshake)).status).toBe(503);
    expect(door.failures).toEqual([{ reason: "UpstreamUnavailable", message, sent: false }]);
    expect(upstream.status()).toMatchObject({ state: "BackingOff", reason, message });
  });

  it("is ended with what it started when its session is deleted", async () => {
    const { url, records, upstream } = await serve(["--grandchild"]);
    const session = await openSession(url);
    const [pid, grandchild] = [records()[0]?.pid ?? 0, records().find((each) => each.grandchild)?.grandchild ?? 0];
    expect((await fetch(url, { method: "DELETE", headers: session })).status).toBe(200);
    await until("both are gone", () => !isAlive(pid) && !isAlive(grandchild));
    expect(records().some(({ event }) => event === "input closed")).toBe(true);
    await until("the connection is gone too", () => upstream.status().children === 0);
  });

  it("that ignores the end of its input and SIGTERM is killed", async () => {
    const { url, records, upstream } = await serve(["--ignore-end"], { stopWaitMs: 100 });
    await openSession(url);
    const pid = records()[0]?.pid ?? 0;
    await upstream.close();
    await until("it is gone", () => !isAlive(pid));
    const events = records().map(({ event }) => event);
    expect(events.indexOf("input closed")).toBeGreaterThan(0);
    expect(events.indexOf("SIGTERM ignored")).toBeGreaterThan(events.indexOf("input closed"));
  });

  it("that closes its input is told so and ended", async () => {
    const { url, door, records } = await serve(["--ignore-end"]);
    const session = await openSession(url);
    void post(url, call(1, "deafen"), session).catch(() => undefined);
    await until("the next message finds it deaf", async () => {
      await post(url, { jsonrpc: "2.0", method: "notifications/x" }, session);
      return door.failures.length > 0;
    });
    expect(door.failures[0]).toMatchObject({ reason: "UpstreamBroken", message: "the server closed its input" });
    await until("it is gone", () => !isAlive(records()[0]?.pid ?? 0));
  });

  it("that writes a line over the limit is ended with a reason", async () => {
    const { url, door, upstream } = await serve([], { maxLineBytes: 100_000 });
    const session = await openSession(url);
    expect(textOf(await post(url, call(1, "big", { bytes: 99_000 }), session))).toHaveLength(99_000);
    await post(url, call(2, "big", { bytes: 200_000 }), session);
    expect(door.failures).toMatchObject([
      { reason: "UpstreamBroken", message: "the server sent a line of more than 100000 bytes" },
    ]);
    expect(upstream.status().children).toBe(0);
  });

  it("can't be had where the container runs as many as it may, which says nothing against the server", async () => {
    const path = join(makeFolder(), "stdio.sock");
    const fixture = createFixture([], {
      createSource({ server, stopWaitMs }) {
        startShim(server, path, ["--max-sessions", "1"]);
        return createSocketSource({ path, stopWaitMs, onReachable: () => undefined });
      },
    });
    await until("it listens", () => existsSync(path));
    const door = await openHttpDoor(fixture.upstream);
    await openSession(door.url);
    for (let times = 0; times < 3; times++) expect((await post(door.url, handshake)).status).toBe(503);
    for (const failure of door.failures) {
      expect(failure).toMatchObject({ reason: "FloodLimited", sent: false });
      expect(failure.message).toContain("1 sessions are open");
    }
    expect(fixture.upstream.status()).toMatchObject({ state: "Running", reason: "Serving", children: 1 });
    await fixture.upstream.close();
  });

  it("may say what the shim says, and nobody but its own session believes it", async () => {
    const file = join(makeFolder(), "liar.mjs");
    writeFileSync(
      file,
      `process.stdin.on("data", (line) => {
        const { id, method } = JSON.parse(String(line).split("\\n")[0]);
        console.log("outrigger-shim: full of lies");
        if (id !== undefined) console.log(JSON.stringify({ jsonrpc: "2.0", id, result: { method } }));
      });`,
    );
    const { url, upstream } = await serve([], { args: [file] });
    const { session } = await post(url, handshake);
    expect((await post(url, legacy(2, "ping"), { "mcp-session-id": session ?? "" })).status).toBe(200);
    expect(upstream.status()).toMatchObject({ state: "Running", children: 1 });
  });

  it("is shared by the modern requests of a caller", async () => {
    const { url } = await serve();
    const replies = await Promise.all(
      Array.from({ length: 20 }, (_, id) => post(url, modern(call(id, "pid")), { "x-caller": "anna" })),
    );
    expect(new Set(replies.map(textOf)).size).toBe(1);
  });
});
