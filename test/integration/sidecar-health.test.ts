/** How a sidecar checks its server, and how soon it knows of a change: real servers of both eras, real programs, the feed. */
import { findFreePort } from "@outrigger/runtime/testing/free-port";
import { createServer, type Server } from "node:http";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { waitFor } from "../fixtures/wait-for.ts";
import { makeTestFolder } from "../fixtures/temporary-folder.ts";
import { createHealthBed } from "./health-bed.ts";

const bed = createHealthBed();
const others: Server[] = [];
afterAll(async () => {
  await bed.end();
  for (const server of others) {
    server.closeAllConnections();
    server.close();
  }
});

/** A legacy server without sessions, which speaks JSON alone. */
async function startStateless(): Promise<string> {
  const results: Readonly<Record<string, object>> = {
    initialize: { protocolVersion: "2025-06-18", capabilities: { tools: {} }, serverInfo: { name: "s", version: "1" } },
    "tools/list": { tools: [{ name: "look", inputSchema: { type: "object" } }] },
    ping: {},
  };
  const server = createServer((request, response) => {
    let text = "";
    request.on("data", (chunk: Buffer) => (text += chunk.toString()));
    request.on("end", () => {
      // What the sidecar sends is JSON-RPC.
      const { id, method } = (text === "" ? {} : JSON.parse(text)) as { id?: unknown; method?: string };
      const result = results[method ?? ""];
      if (result === undefined) response.writeHead(request.method === "POST" ? 202 : 405).end();
      else {
        const head = { "content-type": "application/json" };
        response.writeHead(200, head).end(JSON.stringify({ jsonrpc: "2.0", id, result }));
      }
    });
  }).listen(0, "127.0.0.1");
  others.push(server);
  await once(server, "listening");
  // A TCP server has an address object.
  return `http://127.0.0.1:${(server.address() as { port: number }).port}/mcp`;
}

/** What belongs to a list and no check: the lists, the stream on which changes would be heard, the end of the session. */
const isOfList = (asked: string): boolean => /\/list(en)?$/.test(asked) || asked === "GET" || asked === "DELETE";

describe.concurrent("health checks", () => {
  it("F-046 run by default, and as often, as long and as many times as they are told to", async () => {
    const target = await bed.startModern();
    const usual = await bed.guard(target, []);
    await usual.until("Ready");
    const listed = usual.proxy.asked.length;

    const told = await bed.guard(target, [
      ...["--health-interval", "100ms", "--health-timeout", "1s", "--health-failure-threshold", "4"],
    ]);
    await told.until("Ready");
    const from = told.proxy.asked.length;
    await waitFor(
      "several checks",
      () => told.proxy.asked.slice(from).filter((each) => each === "server/discover").length > 5,
    );
    told.proxy.fail({ kind: "silence" }, ["server/discover"]);
    const [before, heard] = [told.proxy.asked.length, told.heard.length];
    await told.until("Dead");
    const failing = told.heard
      .slice(heard)
      .map(({ state }) => state.health)
      .filter(({ reason }) => reason === "ProbeFailed");
    expect(failing.map(({ state }) => state)).toEqual(["Degraded", "Dead"]);
    expect(failing[0]?.message).toBe("the server did not answer within 1000 ms");
    const silent = told.proxy.asked.slice(before).filter((each) => each === "server/discover");
    expect(silent.length).toBeGreaterThanOrEqual(4);
    expect(silent.length).toBeLessThanOrEqual(6);
    told.proxy.fail({ kind: "none" });
    await told.until("Ready");

    // Nobody told this one anything.
    await waitFor("a check by default", () => usual.proxy.asked.slice(listed).includes("server/discover"));
    expect(usual.health()?.state).toBe("Ready");
  });

  it("take an error status for a failure, whatever comes with it, and its end for the end of it", async () => {
    const guarded = await bed.guard(await bed.startModern(), ["--health-interval", "100ms"]);
    await guarded.until("Ready");
    guarded.proxy.fail({ kind: "status", status: 500 });
    expect((await guarded.until("Dead")).state.health.message).toBe("the server answered with HTTP 500");
    guarded.proxy.fail({ kind: "none" });
    await guarded.until("Ready");
  });

  it("need as many answers of a dead server as they are told to", async () => {
    const flags = ["--health-interval", "100ms", "--health-success-threshold", "3"];
    const guarded = await bed.guard(await bed.startModern(), flags);
    await guarded.until("Ready");
    guarded.proxy.fail({ kind: "status", status: 503 });
    await guarded.until("Dead");
    const from = guarded.proxy.asked.length;
    guarded.proxy.fail({ kind: "none" });
    await guarded.until("Ready");
    // The list that follows may count as one of them.
    const checks = guarded.proxy.asked
      .slice(from)
      .filter((each) => each === "server/discover" || each === "tools/list");
    expect(checks.length).toBeGreaterThanOrEqual(3);
  });
});

/** Longest time from a change to its being heard. */
const newsMs = 1_000;

// That is time on a clock, and other tests may have the processors for a while.
describe("news of a server", { retry: 2 }, () => {
  /** With so long an interval nothing is heard of a change by chance. */
  const flags = ["--health-interval", "1h"];

  it.each<[string, string, () => Promise<string>]>([
    ["2026-07-28", "server/discover", bed.startModern],
    ["2025-11-25 with sessions", "ping", async () => bed.startLegacy(await findFreePort())],
    ["2025-06-18 without sessions", "ping", startStateless],
  ])("F-144 of revision %s comes within a second, and a check is %s", async (_name, question, start) => {
    const target = await start();
    const guarded = await bed.guard(target, flags);
    await guarded.until("Ready");
    const checks = (): number => guarded.proxy.asked.filter((each) => each === question).length;
    const first = checks();
    // A server of Node ends connections that nobody uses after 5 s; the check that follows leaves another one.
    await waitFor("a check because a connection ended", () => checks() > first);
    for (const round of [1, 2]) {
      const diedMs = performance.now();
      await guarded.proxy.die();
      const died = await guarded.until("Degraded", "Dead");
      expect([round, died.atMs - diedMs]).toEqual([round, expect.toSatisfy((ms: number) => ms < newsMs)]);
      await guarded.until("Dead");
      await guarded.proxy.revive();
      const revivedMs = performance.now();
      const revived = await guarded.until("Ready");
      expect([round, revived.atMs - revivedMs]).toEqual([round, expect.toSatisfy((ms: number) => ms < newsMs)]);
      await waitFor("its list", () => guarded.heard.at(-1)?.state.catalogue.reason === "CatalogueListed");
    }

    const often = await bed.guard(target, ["--health-interval", "100ms"]);
    await often.until("Ready");
    await waitFor("the first check", () => often.proxy.asked.includes(question));
    // One is part of finding out how the server speaks; what follows the list is checks alone.
    const from = often.proxy.asked.lastIndexOf("tools/list") + 1;
    await waitFor("more checks", () => often.proxy.asked.slice(from).filter((each) => each === question).length >= 3);
    const rest = often.proxy.asked.slice(from).filter((each) => !isOfList(each));
    expect(new Set(rest)).toEqual(new Set([question]));
  });

  it("F-144 that is a process comes within a second, and costs it no request", async () => {
    const folder = makeTestFolder("health");
    const program = `
      import { createInterface } from "node:readline";
      import { appendFileSync, writeFileSync } from "node:fs";
      const results = {
        initialize: { protocolVersion: "2025-06-18", capabilities: { tools: {} }, serverInfo: { name: "s", version: "1" } },
        "tools/list": { tools: [{ name: "look", inputSchema: { type: "object" } }] },
      };
      writeFileSync(${JSON.stringify(join(folder, "pid"))}, String(process.pid));
      createInterface({ input: process.stdin }).on("line", (line) => {
        const { id, method } = JSON.parse(line);
        appendFileSync(${JSON.stringify(join(folder, "asked"))}, method + "\\n");
        const error = { code: -32601, message: "no such method" };
        const answer = results[method] ? { result: results[method] } : { error };
        if (id !== undefined) console.log(JSON.stringify({ jsonrpc: "2.0", id, ...answer }));
      });`;
    const command = ["--", process.execPath, "--input-type=module", "--eval", program];
    const feed = bed.follow(await bed.sidecar(["--health-interval", "100ms", ...command]));
    await feed.until("Ready");
    process.kill(Number(readFileSync(join(folder, "pid"), "utf8")), "SIGKILL");
    const killedMs = performance.now();
    const died = await feed.until("ProcessExited");
    expect(died.atMs - killedMs).toBeLessThan(newsMs);
    expect(died.state.health.state).toBe("Degraded");
    expect(readFileSync(join(folder, "asked"), "utf8")).not.toMatch(/ping|tools\/call/);
  });
});
