import { Client as ModernClient, StreamableHTTPClientTransport as ModernTransport } from "@modelcontextprotocol/client";
import { Client as LegacyClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as LegacyTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  ListRootsRequestSchema,
  LoggingMessageNotificationSchema,
  ResourceUpdatedNotificationSchema,
} from "@modelcontextprotocol/sdk/types.js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startFixture } from "../conformance/servers.ts";
import { startAggregatorProgram, type RunningAggregator } from "../fixtures/aggregator.ts";
import { connectLegacy, connectModern, modernRequest, openSession, postRaw, textOf } from "../fixtures/mcp-clients.ts";
import { createPrograms } from "../fixtures/programs.ts";
import { startRealSidecar } from "../fixtures/real-sidecar.ts";
import { waitFor } from "../fixtures/wait-for.ts";

const programs = createPrograms();
let aggregator: RunningAggregator;
let url: string;

/** One fixture server for each era, each behind a real sidecar: the same prompts and resources, so every URI is there twice. */
beforeAll(async () => {
  const entries: Record<string, object> = {};
  for (const [name, revision] of [
    ["old", "2025-11-25"],
    ["new", "2026-07-28"],
  ] as const) {
    const upstream = await startFixture(programs, revision);
    entries[name] = (await startRealSidecar(programs, name, ["--upstream", upstream])).entry();
  }
  aggregator = await startAggregatorProgram(entries);
  await aggregator.ready();
  url = `${aggregator.url}/mcp`;
});

afterAll(async () => {
  await aggregator.close();
  await programs.endAll();
});

const asked = "Ada";
const capabilities = { sampling: {}, elicitation: { form: {}, url: {} }, roots: {} };
const identity = { name: "test-client", version: "1.0.0" };
const sampled = { role: "assistant", content: { type: "text", text: "Paris" }, model: "m" } as const;
const elicited = { action: "accept", content: { name: asked, ok: true, color: "blue" } } as const;
const roots = { roots: [{ uri: "file:///work" }] };

/** Clients that answer whatever servers ask, and what they were asked. */
async function connectAsked(era: "legacy" | "modern"): Promise<{
  readonly client: LegacyClient | ModernClient;
  readonly messages: string[];
}> {
  const messages: string[] = [];
  if (era === "legacy") {
    const client = new LegacyClient(identity, { capabilities });
    client.setRequestHandler(CreateMessageRequestSchema, () => ({ ...sampled }));
    client.setRequestHandler(ListRootsRequestSchema, () => roots);
    client.setRequestHandler(ElicitRequestSchema, ({ params }) => {
      messages.push(params.message);
      return { ...elicited };
    });
    await client.connect(new LegacyTransport(new URL(url)));
    return { client, messages };
  }
  const client = new ModernClient(identity, { capabilities, versionNegotiation: { mode: { pin: "2026-07-28" } } });
  client.setRequestHandler("sampling/createMessage", () => ({ ...sampled }));
  client.setRequestHandler("roots/list", () => roots);
  client.setRequestHandler("elicitation/create", ({ params }) => {
    messages.push(params.message);
    return { ...elicited };
  });
  await client.connect(new ModernTransport(new URL(url)));
  return { client, messages };
}

describe.each([
  ["a legacy client", connectLegacy],
  ["a modern client", connectModern],
] as const)("%s", (_name, connect) => {
  it("F-073 F-075 lists the prompts, resources and templates of servers of both eras", async () => {
    const client = await connect(url);
    const { prompts } = await client.listPrompts();
    const names = prompts.map(({ name }) => name);
    expect(names).toEqual([...names].sort());
    expect(names).toEqual(expect.arrayContaining(["new__test_simple_prompt", "old__test_prompt_with_arguments"]));
    const { resources } = await client.listResources();
    expect(resources.map(({ uri }) => uri)).toEqual(
      expect.arrayContaining(["outrigger:local/old/test://static-text", "outrigger:local/new/test://static-text"]),
    );
    const { resourceTemplates } = await client.listResourceTemplates();
    expect(resourceTemplates.map(({ uriTemplate }) => uriTemplate)).toEqual([
      "outrigger:local/new/test://template/{id}/data",
      "outrigger:local/old/test://template/{id}/data",
    ]);
    await client.close();
  });

  it.each(["old", "new"])("F-074 F-075 uses prompts, resources and completion of the server %s", async (server) => {
    const client = await connect(url);
    const prompt = await client.getPrompt({
      name: `${server}__test_prompt_with_arguments`,
      arguments: { arg1: "a", arg2: "b" },
    });
    expect(prompt.messages[0]?.content).toMatchObject({ text: "Prompt with arguments: arg1='a', arg2='b'" });
    const uri = `outrigger:local/${server}/test://static-text`;
    const { contents } = await client.readResource({ uri });
    expect(contents).toEqual([
      expect.objectContaining({ uri, text: expect.stringContaining("static text") as string }),
    ]);
    const made = await client.readResource({ uri: `outrigger:local/${server}/test://template/7/data` });
    expect(JSON.stringify(made.contents)).toContain("Data for ID: 7");
    const { completion } = await client.complete({
      ref: { type: "ref/prompt", name: `${server}__test_prompt_with_arguments` },
      argument: { name: "arg1", value: "par" },
    });
    expect(completion.values).toEqual(["paris", "park", "party"]);
    const ofTemplate = await client.complete({
      ref: { type: "ref/resource", uri: `outrigger:local/${server}/test://template/{id}/data` },
      argument: { name: "id", value: "12" },
    });
    expect(ofTemplate.completion.values).toEqual(["12", "123"]);
    await client.close();
  });

  it("gets one answer for what is not there, with the nearest names of prompts", async () => {
    const client = await connect(url);
    await expect(client.getPrompt({ name: "old__test_simple_promt" })).rejects.toThrow(
      /nearest.*old__test_simple_prompt/,
    );
    await expect(client.readResource({ uri: "test://static-text" })).rejects.toThrow(/Unknown resource/);
    await expect(client.readResource({ uri: "outrigger:local/nobody/a:b" })).rejects.toThrow(/Unknown resource/);
    await client.close();
  });
});

describe.each([
  ["legacy", "old"],
  ["legacy", "new"],
  ["modern", "new"],
] as const)("F-074 a %s client that answers questions, at the server %s", (era, server) => {
  it("is asked by tools: user, model, roots, several at once, several times", async () => {
    const { client, messages } = await connectAsked(era);
    const call = async (tool: string): Promise<string> =>
      textOf(await client.callTool({ name: `${server}__test_input_required_result_${tool}` }));
    expect(await call("elicitation")).toBe(`Hello, ${asked}!`);
    expect(await call("sampling")).toBe("Paris");
    expect(await call("list_roots")).toBe("Roots: file:///work");
    expect(await call("multiple_inputs")).toBe("Paris Ada, you have 1 root(s).");
    expect(await call("multi_round")).toBe("Ada likes blue.");
    expect(await call("request_state")).toMatch(/^state-ok/);
    // Whoever decides sees which server asks.
    expect(messages.every((message) => message.startsWith(`[${server}] `))).toBe(true);
    await client.close();
  });

  it("is asked by a prompt, too", async () => {
    const { client } = await connectAsked(era);
    const answer = await client
      .getPrompt({ name: `${server}__test_input_required_result_prompt` })
      .then(({ messages }) => JSON.stringify(messages), String);
    // The form of this prompt wants a member that the client does not give, so that it asks again and again.
    expect(answer).toMatch(/context|asked|rounds/i);
    await client.close();
  });
});

it("F-074 refuses a modern client where a legacy server asks in the middle of a call, and names the capability", async () => {
  const [body, headers] = modernRequest("tools/call", { name: "old__test_elicitation", arguments: { message: "?" } });
  const declared = body.replace('clientCapabilities":{}', 'clientCapabilities":{"elicitation":{"form":{}}}');
  const { messages } = await postRaw(url, declared, headers);
  expect(JSON.stringify(messages)).toMatch(/elicitation/);
});

it("takes a state back from the caller that it was given to, for the same request alone", async () => {
  const ask = async (name: string, rest: object = {}): Promise<Record<string, unknown>> => {
    const [body, headers] = modernRequest("tools/call", { name, ...rest });
    const declared = body.replace('clientCapabilities":{}', `clientCapabilities":${JSON.stringify(capabilities)}`);
    const { messages } = await postRaw(url, declared, headers);
    return (messages.at(-1) ?? {})["result"] === undefined
      ? (messages.at(-1)?.["error"] as Record<string, unknown>)
      : (messages.at(-1)?.["result"] as Record<string, unknown>);
  };
  const name = "new__test_input_required_result_request_state";
  const first = await ask(name);
  expect(first).toMatchObject({ resultType: "input_required", requestState: expect.any(String) as string });
  const requestState = String(first["requestState"]);
  const inputResponses = { confirm: elicited };
  const again = await ask(name, { inputResponses, requestState });
  expect(again["content"]).toEqual([expect.objectContaining({ text: expect.stringMatching(/^state-ok/) as string })]);
  const refused = { code: -32_602, message: "Invalid or expired requestState" };
  const changed = `${requestState.slice(0, -2)}${requestState.endsWith("AA") ? "BA" : "AA"}`;
  expect(await ask(name, { inputResponses, requestState: changed })).toMatchObject(refused);
  const other = "new__test_input_required_result_tampered_state";
  expect(await ask(other, { inputResponses, requestState })).toMatchObject(refused);
  expect(await ask(name, { inputResponses, requestState, arguments: { more: 1 } })).toMatchObject(refused);
});

describe.each(["old", "new"])("log messages of the server %s", (server) => {
  const name = `${server}__test_tool_with_logging`;

  it("F-075 reach a legacy client at the level of its session", async () => {
    const client = new LegacyClient(identity);
    const heard: unknown[] = [];
    client.setNotificationHandler(LoggingMessageNotificationSchema, ({ params }) => void heard.push(params.data));
    await client.connect(new LegacyTransport(new URL(url)));
    await client.setLoggingLevel("info");
    await client.callTool({ name });
    await waitFor("three messages", () => heard.length === 3);
    await client.setLoggingLevel("error");
    await client.callTool({ name });
    expect(heard).toHaveLength(3);
    await client.close();
  });

  it("reach a modern client that asks for them, and no other", async () => {
    const countLogs = async (meta: object): Promise<number> => {
      const { messages } = await postRaw(url, ...modernRequest("tools/call", { name, _meta: meta }));
      return messages.filter(({ method }) => method === "notifications/message").length;
    };
    expect(await countLogs({ "io.modelcontextprotocol/logLevel": "debug" })).toBe(3);
    expect(await countLogs({ "io.modelcontextprotocol/logLevel": "error" })).toBe(0);
    expect(await countLogs({})).toBe(0);
  });
});

it("refuses a level that is none, and says which there are", async () => {
  const session = await openSession(url);
  const body = JSON.stringify({ jsonrpc: "2.0", id: 5, method: "logging/setLevel", params: { level: "loud" } });
  const { messages } = await postRaw(url, body, session);
  expect(messages.at(-1)?.["error"]).toMatchObject({
    code: -32_602,
    message: expect.stringContaining("debug") as string,
  });
});

it("does not answer a modern client methods of the legacy era", async () => {
  const { status, messages } = await postRaw(url, ...modernRequest("logging/setLevel", { level: "info" }));
  expect([status, messages[0]?.["error"]]).toMatchObject([404, { code: -32_601 }]);
});

/** Calls a tool of a server directly: its watched resource counts the calls. */
async function touch(server: string): Promise<void> {
  const client = await connectLegacy(url);
  await client.callTool({ name: `${server}__test_simple_text` });
  await client.close();
}

describe.each(["old", "new"])("F-075 a resource of the server %s that is subscribed to", (server) => {
  const uri = `outrigger:local/${server}/test://watched-resource`;

  it("tells a legacy client of its changes, until the client unsubscribes", async () => {
    const client = new LegacyClient(identity);
    const heard: string[] = [];
    client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => void heard.push(params.uri));
    await client.connect(new LegacyTransport(new URL(url)));
    await client.subscribeResource({ uri });
    await touch(server);
    await waitFor("the news", () => heard.includes(uri));
    await client.unsubscribeResource({ uri });
    await client.close();
  });

  it("tells a modern client that listens", async () => {
    const client = await connectModern(url);
    const heard: string[] = [];
    client.setNotificationHandler("notifications/resources/updated", ({ params }) => void heard.push(params.uri));
    const subscription = await client.listen({ resourceSubscriptions: [uri] });
    await touch(server);
    await waitFor("the news", () => heard.includes(uri));
    await subscription.close();
    await client.close();
  });
});

it("subscribes to nothing that is not there", async () => {
  const client = await connectLegacy(url);
  await expect(client.subscribeResource({ uri: "test://nothing" })).rejects.toThrow(/Unknown resource/);
  await client.close();
  const listened = { notifications: { resourceSubscriptions: ["test://nothing"] } };
  const { messages } = await postRaw(url, ...modernRequest("subscriptions/listen", listened));
  expect(messages[0]?.["error"]).toMatchObject({ code: -32_602 });
});
