/** What goes along the whole path of a call, from the client through the aggregator and the sidecar to the server: time and a name. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { startAggregatorProgram, type RunningAggregator } from "../fixtures/aggregator.ts";
import { connectLegacy, connectModern } from "../fixtures/mcp-clients.ts";
import { createPrograms } from "../fixtures/programs.ts";
import { startRealSidecar } from "../fixtures/real-sidecar.ts";
import { makeTestFolder } from "../fixtures/temporary-folder.ts";
import { waitFor } from "../fixtures/wait-for.ts";
import { startRawServer, type RawServer } from "./raw-server.ts";
import { auditLinesOf, startBed } from "./telemetry-bed.ts";

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

interface Path {
  readonly server: RawServer;
  readonly aggregator: RunningAggregator;
}

async function startPath(sidecarFlags: readonly string[], aggregatorFlags: readonly string[]): Promise<Path> {
  const server = await startRawServer(["wait"]);
  const programs = createPrograms();
  ends.push(server.close, () => programs.endAll());
  const sidecar = await startRealSidecar(programs, "files", ["--upstream", server.url, ...sidecarFlags]);
  const aggregator = await startAggregatorProgram({ files: sidecar.entry() }, aggregatorFlags);
  ends.push(() => aggregator.close());
  await aggregator.ready();
  return { server, aggregator };
}

describe.each([
  ["a legacy client", connectLegacy],
  ["a modern client", connectModern],
])("the time of a call of %s", (_who, connect) => {
  it.each([
    ["at the aggregator", [], ["--call-deadline", "1s"]],
    ["at the sidecar", ["--call-deadline", "1s"], []],
  ] as const)(
    "F-079 that is configured %s ends it for all, and the server is told how long anybody waits",
    async (_where, sidecarFlags, aggregatorFlags) => {
      const { server, aggregator } = await startPath(sidecarFlags, aggregatorFlags);
      const client = await connect(`${aggregator.url}/mcp`);
      ends.push(() => client.close());
      const startedMs = performance.now();
      const result = await client.callTool({ name: "call_tool", arguments: { name: "files__wait", arguments: {} } });
      expect(performance.now() - startedMs).toBeLessThan(10_000);
      expect(result).toMatchObject({
        isError: true,
        _meta: { "outrigger.dev/error": { reason: "UpstreamTimeout", server: "files" } },
      });
      const call = server.came.find(({ body }) => body.includes('"tools/call"'));
      const toldMs = Number(call?.headers["outrigger-timeout-ms"]);
      expect(toldMs).toBeGreaterThan(0);
      expect(toldMs).toBeLessThanOrEqual(1_000);
      await waitFor("the end of the server's part", () => server.leftCalls() === 1);
    },
  );
});

describe("the log of a call", () => {
  it("F-166 is JSON at each component's own level, joined by one id, and holds no argument, result or token", async () => {
    const policy = join(makeTestFolder("call-path"), "policy.json");
    const rule = { name: "no secrets", action: "Deny", tools: ["broken"], when: 'args.key.startsWith("s3cret")' };
    writeFileSync(policy, JSON.stringify({ rules: [rule] }));
    const bed = await startBed(["--server", "git", "--policy", policy, "--log-level", "info"]);
    const entry = { url: bed.dataUrl, outrigger: { control: bed.controlUrl } };
    const aggregator = await startAggregatorProgram({ git: entry }, ["--log-level", "debug"]);
    ends.push(() => aggregator.close());
    await aggregator.ready();
    const client = await connectLegacy(`${aggregator.url}/mcp`, { authorization: "Bearer s3cret-token" });
    ends.push(() => client.close());
    const values = { key: "s3cret-argument" };
    for (const tool of ["good", "failing", "broken"]) {
      await client.callTool({ name: "call_tool", arguments: { name: `git__${tool}`, arguments: values } });
    }
    const ofAggregator = await waitFor("the aggregator's lines", () => {
      const lines = aggregator.log.filter(({ msg }) => msg === "call");
      return lines.length === 3 && lines;
    });
    expect(ofAggregator.map(({ level, tool, outcome }) => [level, tool, outcome])).toEqual([
      ["debug", "good", "ok"],
      ["info", "failing", "tool_error"],
      ["info", "broken", "tool_error"],
    ]);
    const ofSidecar = await waitFor("the sidecar's lines", () => {
      const lines = auditLinesOf(bed.lines()).filter(({ method }) => method === "tools/call");
      return lines.length === 3 && lines;
    });
    expect(ofSidecar.map(({ tool, decision, reason }) => [tool, decision, reason])).toEqual([
      ["good", "allow", "Allowed"],
      ["failing", "allow", "Allowed"],
      ["broken", "deny", "ArgumentsDenied"],
    ]);
    const ids = ofAggregator.map(({ requestId }) => requestId);
    expect(ofSidecar.map(({ id }) => id)).toEqual(ids);
    expect(new Set(ids).size).toBe(3);
    const logged = aggregator.log.filter(({ kind }) => kind !== "audit");
    expect(new Set(logged.map(({ component }) => component))).toEqual(new Set(["aggregator"]));
    for (const line of [...bed.lines(), ...aggregator.log.map((each) => JSON.stringify(each))]) {
      expect(line).not.toContain("s3cret");
      expect(JSON.parse(line)).toBeTypeOf("object");
    }
  });
});
