/** What clients that stay connected hear of servers, and that reading lists and searching ask no server anything. */
import { Client as LegacyClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as LegacyTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { ToolListChangedNotificationSchema } from "@modelcontextprotocol/sdk/types.js";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startAggregatorProgram, type RunningAggregator } from "../fixtures/aggregator.ts";
import { makeTool, startFakeSidecar, type FakeSidecar } from "../fixtures/fake-sidecar/sidecar.ts";
import { connectModern } from "../fixtures/mcp-clients.ts";
import { waitFor } from "../fixtures/wait-for.ts";

const fakes: FakeSidecar[] = [];
let direct: RunningAggregator;
let searching: RunningAggregator;

beforeAll(async () => {
  for (const era of ["legacy", "modern"] as const)
    fakes.push(await startFakeSidecar(era, { era, tools: [makeTool("run")] }));
  const entries = Object.fromEntries(fakes.map((fake) => [fake.name, fake.entry()]));
  direct = await startAggregatorProgram(entries, ["--mode", "direct"]);
  searching = await startAggregatorProgram(entries, ["--mode", "search"]);
  await Promise.all([direct.ready(), searching.ready()]);
});

afterAll(async () => {
  await Promise.all([direct.close(), searching.close()]);
  await Promise.all(fakes.map((fake) => fake.close()));
});

async function connectListening(url: string, onChange: () => void): Promise<LegacyClient> {
  const client = new LegacyClient({ name: "test-client", version: "1.0.0" });
  client.setNotificationHandler(ToolListChangedNotificationSchema, onChange);
  await client.connect(new LegacyTransport(new URL(`${url}/mcp`)));
  return client;
}

it("F-214 lists, searches and descriptions ask no server and no sidecar anything", async () => {
  const asked = (): number =>
    fakes.reduce((sum, { control, data }) => sum + control.fetches() + data.received.length, 0);
  const modern = await connectModern(`${searching.url}/mcp`);
  const legacy = await connectListening(direct.url, () => undefined);
  const before = asked();
  for (let count = 0; count < 5; count++) {
    for (const client of [modern, legacy]) {
      await Promise.all([
        client.listTools(),
        client.listPrompts(),
        client.listResources(),
        client.listResourceTemplates(),
      ]);
    }
    for (const [name, args] of [
      ["find_tool", { description: "run" }],
      ["describe_tool", { name: "legacy__run" }],
      ["list_servers", {}],
    ] as const) {
      expect((await modern.callTool({ name, arguments: args })).isError ?? false).toBe(false);
    }
    expect((await fetch(`${direct.url}/api/v1/tools`)).status).toBe(200);
  }
  expect(asked()).toBe(before);
  await Promise.all([modern.close(), legacy.close()]);
});

it("F-076 clients of both eras hear that a list has changed, and read the new one over the same connection", async () => {
  const heard = new Set<string>();
  const legacy = await connectListening(direct.url, () => void heard.add("legacy"));
  const modern = await connectModern(`${direct.url}/mcp`);
  modern.setNotificationHandler("notifications/tools/list_changed", () => void heard.add("modern"));
  const subscription = await modern.listen({ toolsListChanged: true });
  // The stream for news opens beside the handshake, and what comes before it is told when it opens; a change then can't be missed.
  let edition = 0;
  await waitFor("both to hear of a change", () => {
    if (heard.size === 2) return true;
    fakes[0]?.control.list([makeTool("run"), makeTool(`edition-${++edition}`)]);
    return false;
  });
  const name = `legacy__edition-${edition}`;
  await waitFor("the new list", async () => {
    const lists = await Promise.all([legacy.listTools(), modern.listTools()]);
    return lists.every(({ tools }) => tools.some((tool) => tool.name === name));
  });
  await subscription.close();
  await Promise.all([legacy.close(), modern.close()]);
});

it("F-076 clients that are connected see how servers are, as that changes", async () => {
  const client = await connectListening(searching.url, () => undefined);
  const stateOf = async (): Promise<unknown> => {
    const { structuredContent } = await client.callTool({ name: "list_servers", arguments: {} });
    const { servers } = structuredContent as { servers: readonly { server?: string; name?: string; state?: string }[] };
    return servers.find(({ server, name }) => server === "modern" || name === "modern")?.state;
  };
  await waitFor("the server to be well", async () => (await stateOf()) === "Ready");
  const sinceMs = Date.now();
  fakes[1]?.control.tell({ health: { state: "Degraded", reason: "Slow", message: "It is slow.", sinceMs } });
  await waitFor("the news", async () => (await stateOf()) === "Degraded");
  fakes[1]?.control.tell({ health: { state: "Ready", reason: "Serving", message: "The server answers.", sinceMs } });
  await waitFor("the news", async () => (await stateOf()) === "Ready");
  await client.close();
});
