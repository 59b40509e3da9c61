import { afterEach, describe, expect, it } from "vitest";
import { call, legacy, openSession, post, textOf } from "./testing/client.ts";
import { isAlive, until } from "./testing/fixture.ts";
import { useByMany } from "./testing/many-clients.ts";
import { startAwaitingSidecar, type AwaitingSidecar, type SidecarProcess } from "./testing/sidecar-process.ts";

const sidecars: SidecarProcess[] = [];
afterEach(async () => {
  await Promise.all(sidecars.splice(0).map((sidecar) => sidecar.stop()));
});

describe("a stdio server in a container of its own", () => {
  const startAwaiting = async (): Promise<AwaitingSidecar> => {
    const sidecar = await startAwaitingSidecar();
    sidecars.push(sidecar);
    return sidecar;
  };
  const handshake = legacy(1, "initialize", { protocolVersion: "2025-11-25" });

  it("may start after its sidecar, which is ready meanwhile, and is listed within two seconds", async () => {
    const startedMs = performance.now();
    const { url, adminUrl, states, startContainer } = await startAwaiting();
    expect((await fetch(new URL("/readyz", adminUrl))).status).toBe(200);
    const early = await post(url, handshake);
    expect(JSON.stringify(early.messages)).toContain('"reason":"UpstreamStarting"');
    // By now the pauses between two attempts to list have grown.
    await until("it was tried for a while", async () => {
      const metrics = await (await fetch(new URL("/metrics", adminUrl))).text();
      return (
        metrics.includes('outrigger_sidecar_health{state="Initializing"} 1') && performance.now() - startedMs > 3_000
      );
    });
    await startContainer([]).listens();
    const listeningMs = performance.now();
    await until("it is Ready", () => states.at(-1)?.health.state === "Ready");
    expect(performance.now() - listeningMs).toBeLessThan(2_000);
    expect(states.every(({ health }) => health.state !== "Dead")).toBe(true);
    const session = await openSession(url);
    expect(textOf(await post(url, call(1, "echo", { text: "here" }), session))).toBe("here");
  });

  it("that dies is told as failed, and as Ready when it is back, with the same catalogue", async () => {
    const { url, states, records, startContainer } = await startAwaiting();
    const container = startContainer(["--era", "legacy"]);
    await until("it is Ready", () => states.at(-1)?.health.state === "Ready");
    const digest = states.at(-1)?.digest;
    const session = await openSession(url);
    const waiting = post(url, call("waiting", "slow", { ms: 60_000 }), session);
    await until("it is under way", () => records().some(({ method }) => method === "tools/call"));
    await container.kill("SIGKILL");
    expect(JSON.stringify((await waiting).messages)).toContain('"reason":"UpstreamBroken"');
    await until("it is told", () => states.at(-1)?.health.state !== "Ready");
    startContainer(["--era", "legacy"]);
    await until("it is Ready again", () => states.at(-1)?.health.state === "Ready");
    expect(states.at(-1)?.digest).toBe(digest);
    expect((await openSession(url))["mcp-session-id"]).toBeDefined();
  });

  it("F-070 serves twenty clients at once, each by a process of its own that ends with it", async () => {
    const sidecar = await startAwaiting();
    sidecar.startContainer(["--era", "legacy"]);
    await until("it is Ready", () => sidecar.states.at(-1)?.health.state === "Ready");
    await useByMany(sidecar, 20);
  });

  it("leaves no process behind when the sidecar ends", async () => {
    const { states, records, startContainer, stop } = await startAwaiting();
    startContainer([]);
    await until("it is Ready", () => states.at(-1)?.health.state === "Ready");
    const pids = new Set(records().map(({ pid }) => pid));
    expect(await stop()).toBe(0);
    await until("all are gone", () => [...pids].every((pid) => !isAlive(pid)));
  });
});
