/** Clients and servers of every protocol revision, each held to its own, through the sidecar and through the aggregator before it. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connectPinnedV1, connectPinnedV2, type Pin } from "../conformance/own/pinned-clients.ts";
import { endpointOf, startFixture } from "../conformance/servers.ts";
import { startAggregatorProgram, type RunningAggregator } from "../fixtures/aggregator.ts";
import { connectModern, textOf } from "../fixtures/mcp-clients.ts";
import { createPrograms } from "../fixtures/programs.ts";
import { startRealSidecar, type RealSidecar } from "../fixtures/real-sidecar.ts";

const legacy = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"] as const;
const modern = "2026-07-28";
const revisions = [...legacy, modern] as const;
type Revision = (typeof revisions)[number];

const programs = createPrograms();
const sidecars = new Map<Revision, RealSidecar>();
let aggregator: RunningAggregator;

beforeAll(async () => {
  const started = revisions.map(async (revision) => {
    const fixture = await startFixture(programs, revision);
    // Servers of the first revision have the transport of their time; how one speaks is found out.
    const upstream = endpointOf(fixture, revision === "2024-11-05" ? "sse" : "streamable-http");
    sidecars.set(revision, await startRealSidecar(programs, `r-${revision}`, ["--upstream", upstream]));
  });
  await Promise.all(started);
  const entries = [...sidecars].map(([revision, sidecar]) => [`r-${revision}`, sidecar.entry()]);
  aggregator = await startAggregatorProgram(Object.fromEntries(entries) as Record<string, object>);
  await aggregator.ready();
}, 120_000);
afterAll(async () => {
  await aggregator.close();
  await programs.endAll();
});

/** What tests ask of a client. */
interface Caller {
  readonly name: string;
  readonly call: (name: string, args?: Record<string, unknown>) => Promise<unknown>;
  readonly close: () => Promise<void>;
}

/** Clients of both generations that offer these revisions at a Streamable HTTP endpoint. */
async function connectAll(url: string, offered: readonly Revision[]): Promise<readonly Caller[]> {
  const callers: Caller[] = [];
  for (const revision of offered) {
    if (revision === modern) {
      const client = await connectModern(url);
      const call: Caller["call"] = (name, args = {}) => client.callTool({ name, arguments: args });
      callers.push({ name: `v2 ${revision}`, call, close: () => client.close() });
      continue;
    }
    const pin: Pin = { url: new URL(url), revision, transport: "streamable-http" };
    for (const [generation, connect] of [
      ["v1", connectPinnedV1],
      ["v2", connectPinnedV2],
    ] as const) {
      const client = await connect(pin);
      const call: Caller["call"] = (name, args) => client.call(name, args);
      callers.push({ name: `${generation} ${revision}`, call, close: () => client.close() });
    }
  }
  return callers;
}

const text = "This is a simple text response for testing.";

/** Each caller's text of one tool. */
async function callEach(callers: readonly Caller[], ask: (caller: Caller) => Promise<unknown>): Promise<unknown[]> {
  try {
    return await Promise.all(callers.map(async (caller) => [caller.name, textOf(await ask(caller))]));
  } finally {
    await Promise.all(callers.map((caller) => caller.close()));
  }
}

describe("at /mcp of the sidecar", () => {
  it.each(revisions)("F-073 a server of %s serves clients of every revision of its era", async (revision) => {
    const url = sidecars.get(revision)?.dataUrl ?? "";
    expect(new URL(url).pathname).toBe("/mcp");
    const callers = await connectAll(url, revision === modern ? [modern] : legacy);
    const answers = await callEach(callers, ({ call }) => call("test_simple_text"));
    expect(answers).toEqual(callers.map(({ name }) => [name, text]));
  });
});

describe("at /mcp of the aggregator", () => {
  it.each(revisions)("F-073 a server of %s serves clients of every revision", async (revision) => {
    const callers = await connectAll(`${aggregator.url}/mcp`, revisions);
    const asked = { name: `r-${revision}__test_simple_text`, arguments: {} };
    const answers = await callEach(callers, ({ call }) => call("call_tool", asked));
    expect(answers).toEqual(callers.map(({ name }) => [name, text]));
  });
});
