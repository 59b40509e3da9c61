import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import {
  call,
  legacy,
  modern,
  openSession,
  openStream,
  post,
  textOf,
  withToken,
  type Reply,
} from "../testing/client.ts";
import { isAlive, makeFolder, until } from "../testing/fixture.ts";
import { createServe } from "../testing/serve.ts";

const serve = createServe();
const handshake = legacy(1, "initialize", { protocolVersion: "2025-11-25" });

describe("a crash", () => {
  it("fails what was under way in that child at once and leaves other sessions alone", async () => {
    const { url, door, upstream } = await serve();
    const [broken, healthy] = [await openSession(url), await openSession(url)];
    const others = post(url, call(1, "slow", { ms: 400 }), healthy);
    const waiting = post(url, call(1, "slow", { ms: 60_000 }), broken);
    const started = performance.now();
    const [crashed, failed] = await Promise.all([post(url, call(2, "crash", { code: 7 }), broken), waiting]);
    expect(performance.now() - started).toBeLessThan(5_000);
    expect([crashed.status, failed.status]).toEqual([503, 503]);
    expect(door.failures).toHaveLength(2);
    for (const failure of door.failures) {
      expect(failure).toEqual({
        reason: "UpstreamBroken",
        message: "the server's process ended with code 7",
        sent: true,
      });
    }
    expect(textOf(await others)).toBe("done");
    expect((await post(url, call(3, "echo"), broken)).status).toBe(404);
    expect(upstream.status()).toMatchObject({ state: "Running", children: 1 });
    expect((await openSession(url))["mcp-session-id"]).toBeDefined();
  });

  it("after an answer never makes others wait", async () => {
    const { url } = await serve([], { restart: { minMs: 60_000, maxMs: 60_000 } });
    for (let times = 0; times < 3; times++) {
      await post(url, call(1, "crash"), await openSession(url));
    }
    expect((await openSession(url))["mcp-session-id"]).toBeDefined();
  });

  it("breaks off a stream that has begun", async () => {
    const { url, door } = await serve();
    const session = await openSession(url);
    const stream = await openStream(url, session, withToken(call(1, "progress", { steps: 500, ms: 20 }), 1));
    await until("it has begun", () => stream.messages.length > 0);
    await post(url, call(2, "crash"), session);
    await until("it has ended", () => stream.hasEnded());
    expect(door.failures).toHaveLength(2);
  });
});

describe("a server that dies before it answers", () => {
  it("is started again after a pause that grows, and says so meanwhile", async () => {
    const { url, door, upstream, records, events } = await serve(["--exit-at-start", "3"], {
      restart: { minMs: 300, maxMs: 60_000 },
    });
    expect((await post(url, handshake)).status).toBe(503);
    expect(upstream.status()).toMatchObject({ state: "BackingOff", reason: "ProcessExited", children: 0 });
    expect(upstream.status().message).toContain("code 3; it said: fatal: the fixture was told to exit");
    expect((await post(url, handshake)).status).toBe(503);
    expect(door.failures[1]).toMatchObject({ reason: "UpstreamStarting", sent: false });
    expect(door.failures[1]?.message).toMatch(
      /^the server's process ended once before it answered and is started again in 0\.[0-9] s$/,
    );
    await until("it was tried again", async () => {
      await post(url, handshake);
      return records().filter(({ event }) => event === "start").length === 2;
    });
    expect(upstream.status()).toMatchObject({ state: "BackingOff", reason: "BackingOff" });
    expect(events.filter(({ kind }) => kind === "Ended")).toHaveLength(2);
    expect(door.failures.every(({ message }) => !message.includes("fatal"))).toBe(true);
  });

  it("is tried by one process at a time after a pause, however many ask, and counts deaths of one cause once", async () => {
    const { url, records, upstream, door } = await serve(["--exit-at-start", "3"], {
      restart: { minMs: 300, maxMs: 60_000 },
    });
    const askAll = (): Promise<unknown> => Promise.all(Array.from({ length: 8 }, () => post(url, handshake)));
    await askAll();
    expect(records()).toHaveLength(8);
    expect(upstream.status()).toMatchObject({ reason: "ProcessExited" });
    // Some may ask before the pause is over and one behind it: then nobody meets the try, and the next round may.
    await until("others met the one try", async () => {
      const before = records().length;
      await askAll();
      expect(records().length - before).toBeLessThanOrEqual(1);
      return door.failures.some(({ message }) => message.endsWith("is started again now"));
    });
  });

  it("but answers that it has no such method is not taken for one that serves", async () => {
    const refuse = `'{"jsonrpc":"2.0","id":' + JSON.parse(line).id + ',"error":{"code":-32601,"message":"no"}}\\n'`;
    const program = `process.stdin.on("data", (line) => String(line).includes("discover") ? process.stdout.write(${refuse}) : process.exit(5))`;
    const { url, upstream } = await serve([], { args: ["-e", program] });
    expect((await post(url, modern(legacy("d", "server/discover")))).status).toBe(404);
    expect((await post(url, handshake)).status).toBe(503);
    expect(upstream.status()).toMatchObject({ state: "BackingOff", reason: "ProcessExited" });
  });

  it("serves again as soon as it lives", async () => {
    const file = join(makeFolder(), "late.mjs");
    writeFileSync(file, "process.exit(1)");
    const { url, upstream } = await serve([], { args: [file], restart: { minMs: 50, maxMs: 100 } });
    expect((await post(url, handshake)).status).toBe(503);
    const answer = `process.stdin.once("data", () => process.stdout.write('{"jsonrpc":"2.0","id":1,"result":{}}\\n'))`;
    writeFileSync(file, answer);
    await until("it answers", async () => (await post(url, handshake)).status === 200);
    expect(upstream.status()).toMatchObject({ state: "Running", reason: "Serving", children: 1 });
  });

  it.each([
    [
      "a command that does not exist",
      { command: "/no/such/command" },
      "CommandNotFound",
      /\/no\/such\/command does not exist/,
    ],
    [
      "a folder that does not exist",
      { cwd: "/no/such/folder" },
      "CommandNotFound",
      /or its folder \/no\/such\/folder, does not exist/,
    ],
    [
      "a file that is no program",
      { command: fileURLToPath(import.meta.url) },
      "ProcessExited",
      /can't be started: .*EACCES/,
    ],
    ["an argument that no process can have", { args: ["a\0b"] }, "ProcessExited", /can't be started/],
  ])("because of %s is told as what it is", async (_name, options, reason, message) => {
    const { url, door, upstream } = await serve([], options);
    expect((await post(url, handshake)).status).toBe(503);
    expect(door.failures[0]).toMatchObject({ reason: "UpstreamUnavailable", sent: false });
    expect(door.failures[0]?.message).toMatch(message);
    expect(upstream.status()).toMatchObject({ state: "BackingOff", reason, children: 0 });
    await post(url, handshake);
    expect(door.failures[1]).toMatchObject({ reason: "UpstreamUnavailable", sent: false });
  });
});

describe("lines of a server", () => {
  it("that are no messages are logged and skipped", async () => {
    const { url, logged } = await serve(["--garbage"]);
    const session = await openSession(url);
    expect(textOf(await post(url, call(1, "echo", { text: "through" }), session))).toBe("through");
    expect(
      logged.filter(({ msg }) => msg === "a line of the server is no message and was skipped").length,
    ).toBeGreaterThanOrEqual(4);
  });

  it("may come in pieces, characters cut in two", async () => {
    const { url } = await serve();
    expect(textOf(await post(url, call(1, "pieces"), await openSession(url)))).toBe("grüße");
  });

  it("over the limit end the child with a reason, and only that child", async () => {
    const { url, door, upstream } = await serve([], { maxLineBytes: 100_000 });
    const [first, second] = [await openSession(url), await openSession(url)];
    expect(textOf(await post(url, call(1, "big", { bytes: 99_000 }), first))).toHaveLength(99_000);
    expect((await post(url, call(2, "big", { bytes: 200_000 }), first)).status).toBe(503);
    expect(door.failures).toMatchObject([
      { reason: "UpstreamBroken", message: "the server sent a line of more than 100000 bytes" },
    ]);
    expect((await post(url, legacy(3, "ping"), first)).status).toBe(404);
    expect((await post(url, legacy(3, "ping"), second)).status).toBe(200);
    expect(upstream.status().children).toBe(1);
  });

  it("on stderr go to the log by their words", async () => {
    const { url, logged } = await serve(["--noise"]);
    await openSession(url);
    await until("it was logged", () => logged.some(({ msg, level }) => msg === "server stderr" && level === "warn"));
  });
});

describe("bounds", () => {
  it("refuse one session too many before a process is started", async () => {
    const { url, door, records } = await serve([], { maxSessions: 2 });
    await Promise.all([openSession(url), openSession(url)]);
    expect((await post(url, handshake)).status).toBe(503);
    expect(door.failures).toMatchObject([{ reason: "FloodLimited", sent: false }]);
    expect(records().filter(({ event }) => event === "start")).toHaveLength(2);
  });

  it("let an idle shared child give way, but never one at work", async () => {
    const { url, door, upstream } = await serve([], { maxSessions: 1 });
    const busy = post(url, modern(call(1, "slow", { ms: 300 })), { "x-caller": "anna" });
    await until("it runs", () => upstream.status().state === "Running" || upstream.status().children === 1);
    expect((await post(url, handshake)).status).toBe(503);
    expect(door.failures).toMatchObject([{ reason: "FloodLimited" }]);
    expect(textOf(await busy)).toBe("done");
    await until("its place is given away", async () => (await post(url, handshake)).status === 200);
  });

  it("refuse more requests at once than a child may have", async () => {
    const { url, door } = await serve([], { maxPending: 2 });
    const session = await openSession(url);
    const running = [1, 2].map((id) => post(url, call(id, "slow", { ms: 400 }), session));
    await until("the third is refused", async () => (await post(url, call(3, "echo"), session)).status === 503);
    expect(door.failures[0]).toMatchObject({ reason: "FloodLimited", sent: false });
    expect((await Promise.all(running)).map(textOf)).toEqual(["done", "done"]);
  });

  it("refuse what waits too long for a server that does not read", async () => {
    const { url, door, upstream } = await serve([], {
      args: [
        "-e",
        `process.stdin.once("data", () => { process.stdin.pause(); console.log('{"jsonrpc":"2.0","id":1,"result":{}}') }); setInterval(() => {}, 1000)`,
      ],
      maxQueuedBytes: 1_000_000,
    });
    const { session } = await post(url, handshake);
    const headers = { "mcp-session-id": session ?? "" };
    const text = "x".repeat(400_000);
    for (let id = 2; id < 8; id++) void post(url, call(id, "echo", { text }), headers).catch(() => undefined);
    await until("one was refused", () => door.failures.some(({ reason }) => reason === "FloodLimited"));
    expect(door.failures.filter(({ reason }) => reason === "FloodLimited").every(({ sent }) => !sent)).toBe(true);
    expect(upstream.status().children).toBe(1);
  });
});

describe("a reader that does not read", () => {
  it("stops its server instead of filling the memory, and gets everything in the end", async () => {
    const { url } = await serve(["--era", "legacy"], { maxLineBytes: 64 * 1024 ** 2 });
    const session = await openSession(url);
    const response = await fetch(url, {
      method: "POST",
      headers: { accept: "text/event-stream", ...session },
      body: JSON.stringify(withToken(call(1, "flood", { lines: 400, bytes: 100_000 }), "t")),
    });
    const before = process.memoryUsage().arrayBuffers;
    // 40 MB are more than all buffers between server and reader hold: at some time a ping is not answered any more.
    const pings: Promise<Reply>[] = [];
    await until("the server stands still", async () => {
      const ping = post(url, legacy(`ping ${pings.length}`, "ping"), session);
      pings.push(ping);
      return Promise.race([ping.then(() => false), delay(300, true)]);
    });
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(20_000_000);
    const body = await response.text();
    expect(body.split("\n\n").filter((event) => event !== "")).toHaveLength(401);
    expect((await Promise.all(pings)).every(({ status }) => status === 200)).toBe(true);
  });
});

describe("the end of a child", () => {
  it("takes what the server started with it", async () => {
    const { url, records, upstream } = await serve(["--grandchild"]);
    await openSession(url);
    const grandchild = records().find(({ event }) => event === "grandchild")?.grandchild ?? 0;
    expect(isAlive(grandchild)).toBe(true);
    await upstream.close();
    await until("it is gone", () => !isAlive(grandchild));
  });

  it("takes what the server started with it when the server crashes", async () => {
    const { url, records } = await serve(["--grandchild"]);
    await post(url, call(1, "crash"), await openSession(url));
    const grandchild = records().find(({ event }) => event === "grandchild")?.grandchild ?? 0;
    await until("it is gone", () => !isAlive(grandchild));
  });

  it("is forced on a server that ignores the end of its input and SIGTERM", async () => {
    const { url, records, upstream } = await serve(["--ignore-end"], { stopWaitMs: 100 });
    await openSession(url);
    const pid = records()[0]?.pid ?? 0;
    await upstream.close();
    expect(isAlive(pid)).toBe(false);
    const events = records().map(({ event }) => event);
    expect(events.indexOf("input closed")).toBeGreaterThan(0);
    expect(events.indexOf("SIGTERM ignored")).toBeGreaterThan(events.indexOf("input closed"));
  });

  it("comes to a server that closes its input", async () => {
    const { url, door } = await serve(["--ignore-end"]);
    const session = await openSession(url);
    void post(url, call(1, "deafen"), session).catch(() => undefined);
    await until("the next message finds it deaf", async () => {
      await post(url, { jsonrpc: "2.0", method: "notifications/x" }, session);
      return door.failures.length > 0;
    });
    expect(door.failures[0]).toMatchObject({ reason: "UpstreamBroken", message: "the server closed its input" });
  });

  it("comes to all when the upstream is closed, and nothing starts after it", async () => {
    const { url, upstream, door, records } = await serve();
    const session = await openSession(url);
    await post(url, modern(call(1, "echo")));
    await upstream.close();
    expect(
      records()
        .filter(({ event }) => event === "start")
        .every(({ pid }) => !isAlive(pid)),
    ).toBe(true);
    expect((await post(url, handshake)).status).toBe(503);
    expect(door.failures.at(-1)).toMatchObject({ reason: "UpstreamUnavailable", message: "the sidecar is stopping" });
    expect((await post(url, legacy(1, "ping"), session)).status).toBe(404);
    expect(upstream.status()).toMatchObject({ state: "Closed", children: 0 });
  });
});
