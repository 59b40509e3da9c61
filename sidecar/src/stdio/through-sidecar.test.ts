import { afterEach, describe, expect, it } from "vitest";
import { call, legacy, modern, openSession, post, textOf } from "./testing/client.ts";
import { isAlive, until } from "./testing/fixture.ts";
import { useByMany } from "./testing/many-clients.ts";
import { startSidecar, type SidecarProcess } from "./testing/sidecar-process.ts";

const sidecars: SidecarProcess[] = [];
afterEach(async () => {
  await Promise.all(sidecars.splice(0).map((sidecar) => sidecar.stop()));
});

async function start(...switches: readonly string[]): Promise<SidecarProcess> {
  const sidecar = await startSidecar(switches);
  sidecars.push(sidecar);
  return sidecar;
}

describe("a stdio server behind a sidecar", () => {
  it("F-146 a crash ends the calls of one session with a reason; others go on, and the catalogue stays", async () => {
    const { url, states, records } = await start("--era", "legacy");
    await until("it is Ready", () => states.at(-1)?.health.state === "Ready");
    const digest = states.at(-1)?.digest;
    const [broken, healthy] = [await openSession(url), await openSession(url)];
    const others = Array.from({ length: 5 }, (_, id) => post(url, call(`other ${id}`, "slow", { ms: 500 }), healthy));
    const waiting = post(url, call("waiting", "slow", { ms: 60_000 }), broken);
    await until("all are under way", () => records().filter(({ method }) => method === "tools/call").length === 6);
    const [crashed, failed] = await Promise.all([post(url, call("crash", "crash"), broken), waiting]);
    for (const reply of [crashed, failed]) expect(JSON.stringify(reply.messages)).toContain("ended with code 7");
    expect((await Promise.all(others)).map(textOf)).toEqual(Array.from({ length: 5 }, () => "done"));
    expect((await post(url, legacy(1, "tools/list"), broken)).status).toBe(404);
    expect(textOf(await post(url, call(1, "echo", { text: "again" }), await openSession(url)))).toBe("again");
    expect(states.at(-1)).toMatchObject({ digest, health: { state: "Ready" } });
    expect(states.every(({ health }) => health.state !== "Dead")).toBe(true);
  });

  it("F-146 the process that is watched may crash too: it is started again and the server is Ready within seconds", async () => {
    const { url, states, records } = await start("--era", "legacy");
    await until("it is Ready", () => states.at(-1)?.health.state === "Ready");
    const watched = records().findLast(({ method }) => method === "tools/list")?.pid ?? 0;
    const session = await openSession(url);
    process.kill(watched, "SIGKILL");
    await until("another process was listed", () =>
      records().some(({ method, pid }) => method === "tools/list" && pid !== watched),
    );
    expect(textOf(await post(url, call(1, "echo", { text: "unharmed" }), session))).toBe("unharmed");
    await until("it is Ready", () => states.at(-1)?.health.state === "Ready");
    expect(new Set(states.flatMap(({ digest }) => (digest === undefined ? [] : [digest]))).size).toBe(1);
  });

  it("F-146 a server that always dies is told as Dead with its reason, and starts are paused ever longer", async () => {
    const { url, states, records } = await start("--exit-at-start", "3");
    await until("it backs off", () => states.at(-1)?.health.reason === "BackingOff");
    expect(states.at(-1)?.health).toMatchObject({ state: "Dead" });
    expect(states.at(-1)?.health.message).toContain("fatal: the fixture was told to exit");
    // However often it is asked for, no process is started within a pause.
    const started = records().length;
    const replies = await Promise.all(
      Array.from({ length: 50 }, (_, id) => post(url, legacy(id, "initialize", { protocolVersion: "2025-11-25" }))),
    );
    expect(replies.every(({ status }) => status === 503 || status === 502)).toBe(true);
    expect(records().length - started).toBeLessThanOrEqual(2);
  });

  it("F-070 serves twenty clients at once, each by a process of its own that ends with it", async () => {
    const sidecar = await start("--era", "legacy");
    await until("it is Ready", () => sidecar.states.at(-1)?.health.state === "Ready");
    await useByMany(sidecar, 20);
  });

  it("serves both eras at once, and leaves no process behind", async () => {
    const sidecar = await start();
    const { url, states, records } = sidecar;
    await until("it is Ready", () => states.at(-1)?.health.state === "Ready");
    expect(states.at(-1)).toMatchObject({ era: "modern", identity: { name: "stdio-fixture" } });
    const session = await openSession(url);
    const headers = { "mcp-protocol-version": "2026-07-28", "mcp-method": "tools/call", "mcp-name": "echo" };
    const replies = await Promise.all([
      post(url, call(1, "echo", { text: "legacy" }), session),
      post(url, modern(call(1, "echo", { text: "modern" })), headers),
    ]);
    expect(replies.map(textOf)).toEqual(["legacy", "modern"]);
    const pids = new Set(records().map(({ pid }) => pid));
    expect(await sidecar.stop()).toBe(0);
    await until("all are gone", () => [...pids].every((pid) => !isAlive(pid)));
  });

  it("ends with a sidecar that was killed, also one that hears neither the end of its input nor SIGTERM", async () => {
    const sidecar = await start("--ignore-end");
    const { url, states, records } = sidecar;
    await until("it is Ready", () => states.at(-1)?.health.state === "Ready");
    await openSession(url);
    const pids = new Set(records().map(({ pid }) => pid));
    expect([...pids].every(isAlive)).toBe(true);
    await sidecar.kill();
    await until("all are gone", () => [...pids].every((pid) => !isAlive(pid)));
  });
});
