/** What the kubelet asks of the sidecar on the server's behalf: which hooks are known, in which order they run, who may ask how. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { AppProbeEntry } from "@outrigger/api/app-probe";
import { describe, expect, it, onTestFinished } from "vitest";
import { until } from "../stdio/testing/fixture.ts";
import { createAdminApp } from "./admin-app.ts";

const hookPath = "/app-lifecycle/app/prestop";
const health = { state: "Ready", reason: "Serving", message: "the server answers", sinceMs: 1 } as const;

interface Waiting {
  readonly limitMs: number;
  readonly signal: AbortSignal;
  readonly release: () => void;
}

/** The admin port with hooks; each wait before a stop is released by the test. */
async function serve(
  stopHooks: Readonly<Record<string, number>>,
  probes: Readonly<Record<string, AppProbeEntry>> = {},
) {
  const waits: Waiting[] = [];
  const app = createAdminApp({
    checks: { ready: {}, started: {} },
    details: () => [],
    metrics: () => "",
    appProbes: new Map(Object.entries(probes)),
    stopHooks: new Map(Object.entries(stopHooks)),
    health: () => health,
    beforeStop: (limitMs, signal) => new Promise((release) => void waits.push({ limitMs, signal, release })),
  });
  onTestFinished(() => app.close());
  const origin = await app.listen({ host: "127.0.0.1", port: 0 });
  return { origin, waits };
}

async function firstOf(waits: readonly Waiting[]): Promise<Waiting> {
  await until("it waits", () => waits.length === 1);
  const [wait] = waits;
  if (wait === undefined) throw new Error("nobody waits");
  return wait;
}

/** The app's own hook, and the paths that it was asked for. */
async function startApp(status: number): Promise<{ readonly port: number; readonly asked: string[] }> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? "");
    response.writeHead(status).end();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  // A TCP server's address.
  return { port: (server.address() as AddressInfo).port, asked };
}

describe("the hook before a server's end", () => {
  it("is answered once the server may be told to stop", async () => {
    const { origin, waits } = await serve({ [hookPath]: 7 });
    const answer = fetch(origin + hookPath);
    const wait = await firstOf(waits);
    expect(wait.limitMs).toBe(7_000);
    wait.release();
    expect((await answer).status).toBe(200);
  });

  it.each([
    [200, 200],
    [500, 503],
  ])("runs the server's own hook afterwards, and hands on that it said %d", async (said, status) => {
    const app = await startApp(said);
    const then = { kind: "http", port: app.port, path: "/bye" } as const;
    const { origin, waits } = await serve({ [hookPath]: 7 }, { [hookPath]: then });
    const answer = fetch(origin + hookPath);
    const wait = await firstOf(waits);
    expect(app.asked).toEqual([]);
    wait.release();
    expect((await answer).status).toBe(status);
    expect(app.asked).toEqual(["/bye"]);
  });

  it("of the sidecar itself is answered behind the server's, also where that is asked later", async () => {
    const ownPath = "/app-lifecycle/outrigger-sidecar/prestop";
    const { origin, waits } = await serve({ [hookPath]: 30, [ownPath]: 30 });
    const told: string[] = [];
    const ask = (path: string): Promise<unknown> =>
      fetch(origin + path).then(({ status }) => told.push(`${path} ${status}`));
    const own = ask(ownPath);
    (await firstOf(waits)).release();
    const server = ask(hookPath);
    await until("both wait", () => waits.length === 2);
    waits[1]?.release();
    await Promise.all([own, server]);
    expect(told).toEqual([`${hookPath} 200`, `${ownPath} 200`]);
  });

  it("of the sidecar itself is answered without the server's where nobody asks that", async () => {
    const ownPath = "/app-lifecycle/outrigger-sidecar/prestop";
    const { origin, waits } = await serve({ [hookPath]: 30, [ownPath]: 1 });
    const own = fetch(origin + ownPath);
    (await firstOf(waits)).release();
    expect((await own).status).toBe(200);
  });

  it("hears that nobody waits for it any more", async () => {
    const { origin, waits } = await serve({ [hookPath]: 7 });
    const leaving = new AbortController();
    const answer = fetch(origin + hookPath, { signal: leaving.signal }).catch(() => "left");
    const wait = await firstOf(waits);
    expect(wait.signal.aborted).toBe(false);
    leaving.abort();
    expect(await answer).toBe("left");
    await until("the wait is told", () => wait.signal.aborted);
    wait.release();
  });

  it("is there for GET and for containers that are known, for nobody else", async () => {
    const { origin, waits } = await serve({ [hookPath]: 7 });
    const statusOf = async (method: string, path: string): Promise<number> =>
      (await fetch(origin + path, { method })).status;
    const statuses = [
      await statusOf("POST", hookPath),
      await statusOf("HEAD", hookPath),
      await statusOf("GET", "/app-lifecycle/other/prestop"),
      await statusOf("GET", "/app-lifecycle/app/poststart"),
    ];
    expect(statuses).toEqual([404, 404, 404, 404]);
    expect(waits).toEqual([]);
  });
});
