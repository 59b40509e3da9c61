import { fileURLToPath } from "node:url";
import type { RawObject } from "@outrigger/api/feed";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startAggregatorProgram, type RunningAggregator } from "../fixtures/aggregator.ts";
import { startFakeControl, type FakeControl } from "../fixtures/fake-sidecar/control.ts";
import { connectLegacy, connectModern, modernRequest, postRaw, textOf } from "../fixtures/mcp-clients.ts";
import { createPrograms } from "../fixtures/programs.ts";

const main = fileURLToPath(new URL("../fixtures/conformance-server/main.ts", import.meta.url));
const programs = createPrograms();
const controls: FakeControl[] = [];
let aggregator: RunningAggregator;
let direct: string;

/** A server made with the SDK, which speaks both eras: named once as a server of each. */
beforeAll(async () => {
  direct = await programs.start(["--conditions=outrigger-source", main], (line) => {
    return (JSON.parse(line) as { listening?: string }).listening;
  });
  const answer = await postRaw(direct, ...modernRequest("tools/list", {}));
  const { tools } = answer.messages[0]?.["result"] as { tools: RawObject[] };
  const entries: Record<string, object> = {};
  for (const era of ["legacy", "modern"] as const) {
    const control = await startFakeControl(era);
    controls.push(control);
    control.tell({ era, protocolVersion: era === "modern" ? "2026-07-28" : "2025-11-25" });
    control.list(tools);
    entries[era] = { url: direct, outrigger: { control: control.url } };
  }
  aggregator = await startAggregatorProgram(entries);
  await aggregator.ready();
});

afterAll(async () => {
  await aggregator.close();
  await Promise.all(controls.map((control) => control.close()));
  await programs.endAll();
});

/** Everything but what differs between two calls of the same server by nature. */
const plainTools = [
  "test_simple_text",
  "test_image_content",
  "test_audio_content",
  "test_embedded_resource",
  "test_multiple_content_types",
  "test_error_handling",
];

describe.each([
  ["a legacy client", connectLegacy],
  ["a modern client", connectModern],
] as const)("%s", (_name, connect) => {
  it.each(["legacy", "modern"])("gets from a server spoken to as %s what the server itself says", async (era) => {
    const [client, bare] = await Promise.all([connect(`${aggregator.url}/mcp`), connect(direct)]);
    for (const name of plainTools) {
      const [relayed, own] = [await client.callTool({ name: `${era}__${name}` }), await bare.callTool({ name })];
      expect([name, relayed.content, relayed.isError]).toEqual([name, own.content, own.isError]);
    }
    await Promise.all([client.close(), bare.close()]);
  });

  it("gets an answer whose stream the server closes in between", async () => {
    const client = await connect(`${aggregator.url}/mcp`);
    const result = await client.callTool({ name: "legacy__test_reconnection" });
    expect(result.isError ?? false).toBe(false);
    expect(textOf(result)).not.toBe("");
    await client.close();
  });

  it("is told clearly where a tool wants what is not relayed", async () => {
    const client = await connect(`${aggregator.url}/mcp`);
    const outcome = await client
      .callTool({ name: "legacy__test_sampling", arguments: { prompt: "x" } })
      .then((result) => textOf(result), String);
    expect(outcome).toMatch(/sampling|capabilit|not relayed|not support/i);
    await client.close();
  });
});

it("sends the headers that a modern tool asks for, from the arguments", async () => {
  const client = await connectLegacy(`${aggregator.url}/mcp`);
  const described = await client.callTool({ name: "describe_tool", arguments: { name: "modern__test_x_mcp_header" } });
  const { definition } = described.structuredContent as {
    definition: { inputSchema: { properties: Record<string, { type: string }> } };
  };
  const byType: Record<string, unknown> = { string: "Zürich", integer: 5, boolean: true };
  const { properties } = definition.inputSchema;
  const values = Object.fromEntries(Object.entries(properties).map(([key, { type }]) => [key, byType[type]]));
  const result = await client.callTool({ name: "modern__test_x_mcp_header", arguments: values });
  expect([result.isError ?? false, textOf(result)]).toEqual([false, expect.any(String)]);
  await client.close();
});
