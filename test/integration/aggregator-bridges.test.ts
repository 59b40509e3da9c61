/** Clients and servers of different eras: every row of the tables of docs/explanation/bridges.md is a test here. */
import { readFileSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { Client as LegacyClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as LegacyTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import {
  ElicitRequestSchema,
  PromptListChangedNotificationSchema,
  ResourceListChangedNotificationSchema,
  ResourceUpdatedNotificationSchema,
  ToolListChangedNotificationSchema,
} from "@modelcontextprotocol/sdk/types.js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startFixture } from "../conformance/servers.ts";
import { startAggregatorProgram, type RunningAggregator } from "../fixtures/aggregator.ts";
import { sendResult, textResult } from "../fixtures/fake-sidecar/data.ts";
import { makeTool, startFakeSidecar, type FakeSidecar } from "../fixtures/fake-sidecar/sidecar.ts";
import {
  connectLegacy,
  connectModern,
  modernRequest,
  openSession,
  postRaw,
  textOf,
  type RawAnswer,
} from "../fixtures/mcp-clients.ts";
import { createPrograms } from "../fixtures/programs.ts";
import { startRealSidecar } from "../fixtures/real-sidecar.ts";
import { waitFor } from "../fixtures/wait-for.ts";

const page = readFileSync(new URL("../../docs/explanation/bridges.md", import.meta.url), "utf8");
const programs = createPrograms();
let old: FakeSidecar;
let modern: FakeSidecar;
let aggregator: RunningAggregator;
let url: string;

/** Of each era a server that answers as a test says, and a real one. `held` is `old`, by another rule. */
beforeAll(async () => {
  old = await startFakeSidecar("old", { tools: [makeTool("run")] });
  modern = await startFakeSidecar("new", { era: "modern", tools: [makeTool("run")] });
  const entries: Record<string, object> = {
    old: old.entry(),
    held: old.entry({ routing: { questions: "Hold" } }),
    new: modern.entry(),
  };
  for (const [name, revision] of [
    ["realold", "2025-11-25"],
    ["realnew", "2026-07-28"],
  ] as const) {
    const upstream = await startFixture(programs, revision);
    entries[name] = (await startRealSidecar(programs, name, ["--upstream", upstream])).entry();
  }
  aggregator = await startAggregatorProgram(entries, ["--mode", "direct"]);
  await aggregator.ready();
  url = `${aggregator.url}/mcp`;
});

afterAll(async () => {
  await aggregator.close();
  await Promise.all([old.close(), modern.close()]);
  await programs.endAll();
});

/** The first column of the table under a heading. */
function rowsOf(heading: string): string[] {
  const section = page.split(/^## /m).find((part) => part.startsWith(heading)) ?? "";
  const lines = section.split("\n").filter((line) => line.startsWith("| "));
  return lines.slice(2).map((line) => line.split("|")[1]?.trim() ?? "");
}

type Cases = Readonly<Record<string, () => Promise<void>>>;

function defineTable(heading: string, cases: Cases): void {
  describe(`F-074 ${heading.charAt(0).toLowerCase()}${heading.slice(1)}`, () => {
    it("has a case for each row of the page, and no other", () => {
      expect(Object.keys(cases)).toEqual(rowsOf(heading));
    });
    for (const [row, show] of Object.entries(cases)) it(row, show);
  });
}

/** A modern request that declares these capabilities. */
async function ask(method: string, params: Record<string, unknown>, capabilities: object = {}): Promise<RawAnswer> {
  const [body, headers] = modernRequest(method, params);
  const { uri } = params;
  const named = typeof uri === "string" ? { ...headers, "mcp-name": uri } : headers;
  const declared = body.replace('clientCapabilities":{}', `clientCapabilities":${JSON.stringify(capabilities)}`);
  return postRaw(url, declared, named);
}

const lastOf = ({ messages }: RawAnswer): { result: Record<string, unknown>; error: Record<string, unknown> } =>
  messages.at(-1) as { result: Record<string, unknown>; error: Record<string, unknown> };

function openStream(res: ServerResponse): (message: object) => void {
  res.writeHead(200, { "content-type": "text/event-stream" });
  return (message) => void res.write(`data: ${JSON.stringify(message)}\n\n`);
}

const question = {
  method: "elicitation/create",
  params: { message: "Who?", requestedSchema: { type: "object", properties: {} } },
};

/** The legacy server asks in the middle of a call, and says how it was answered. */
function askMidCall(): void {
  old.data.answer(({ id, res }) => {
    const send = openStream(res);
    send({ jsonrpc: "2.0", id: `ask-${String(id)}`, ...question });
    void waitFor("the reply", () => {
      const reply = old.data.received.find(({ message }) => message["id"] === `ask-${String(id)}`)?.message;
      if (reply === undefined) return false;
      const { content } = (reply["result"] ?? {}) as { content?: unknown };
      if (content === undefined) send({ jsonrpc: "2.0", id, error: { code: -32_000, message: "nobody answers" } });
      else send({ jsonrpc: "2.0", id, result: textResult(JSON.stringify(content)) });
      res.end();
      return true;
    });
  });
}

const meta = "io.modelcontextprotocol/";

/** Changes what both fakes list, so that every kind of list changes. */
let edition = 0;
function changeLists(): void {
  edition++;
  old.control.list([makeTool("run"), makeTool(`extra-${edition}`)], {
    prompts: [{ name: `prompt-${edition}` }],
    resources: [{ uri: `note://old/${edition}`, name: "n" }],
  });
}

defineTable("A modern client before a legacy server", {
  "`server/discover`": async () => {
    const before = old.data.received.length;
    const { result } = lastOf(await ask("server/discover", {}));
    expect(result).toMatchObject({ resultType: "complete", ttlMs: expect.any(Number) as number });
    expect(result["supportedVersions"]).toContain("2026-07-28");
    expect(old.data.received).toHaveLength(before);
  },
  "a request": async () => {
    old.data.answer(({ id, res }) => sendResult(res, id, textResult("ok")));
    const _meta = { progressToken: "mine", traceparent: "00-1", "vendor.example/x": [1] };
    await ask("tools/call", { name: "old__run", arguments: { text: "x" }, _meta });
    const { message, params, headers } = old.data.received.findLast(({ method }) => method === "tools/call")!;
    expect(message["id"]).not.toBe(7);
    expect(params).toMatchObject({ name: "run", arguments: { text: "x" } });
    const sent = params["_meta"] as Record<string, unknown>;
    expect(sent).toMatchObject({ traceparent: "00-1", "vendor.example/x": [1] });
    expect(sent["progressToken"]).not.toBe("mine");
    expect(Object.keys(sent).filter((key) => key.startsWith(meta))).toEqual([]);
    expect(Object.keys(headers).filter((name) => ["mcp-method", "mcp-name"].includes(name))).toEqual([]);
    expect(headers).toMatchObject({
      "mcp-protocol-version": "2025-11-25",
      "mcp-session-id": expect.any(String) as string,
    });
  },
  "a result": async () => {
    old.data.answer(({ id, res }) => sendResult(res, id, { ...textResult("ok"), vendor: 1 }));
    const called = lastOf(await ask("tools/call", { name: "old__run" }));
    expect(called.result).toEqual({ ...textResult("ok"), vendor: 1, resultType: "complete" });
    const uri = "outrigger:local/realold/test://static-text";
    const { result } = lastOf(await ask("resources/read", { uri }));
    expect(result).toMatchObject({ resultType: "complete", ttlMs: 0, cacheScope: "private" });
    old.data.answer(({ id, res }) => {
      const error = { code: -32_002, message: "gone" };
      res.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ jsonrpc: "2.0", id, error }));
    });
    expect(lastOf(await ask("tools/call", { name: "old__run" })).error).toMatchObject({
      code: -32_602,
      message: "gone",
    });
  },
  "log messages": async () => {
    const heard = async (level: object): Promise<unknown[]> => {
      const { messages } = await ask("tools/call", { name: "realold__test_tool_with_logging", _meta: level });
      return messages.filter(({ method }) => method === "notifications/message");
    };
    expect(await heard({ [`${meta}logLevel`]: "info" })).toHaveLength(3);
    expect(await heard({ [`${meta}logLevel`]: "error" })).toHaveLength(0);
    expect(await heard({})).toHaveLength(0);
  },
  "a question in a call": async () => {
    askMidCall();
    const able = { elicitation: {} };
    const { error } = lastOf(await ask("tools/call", { name: "old__run" }, able));
    expect(error).toMatchObject({ code: -32_021, data: { requiredCapabilities: { elicitation: {} } } });
    const initialize = old.data.received.findLast(({ method }) => method === "initialize");
    expect(initialize?.params["capabilities"]).toEqual({});

    const asked = lastOf(await ask("tools/call", { name: "held__run" }, able)).result;
    expect(asked["resultType"]).toBe("input_required");
    const [key, first] = Object.entries(asked["inputRequests"] as object)[0] as [
      string,
      { params: { message: string } },
    ];
    expect(first).toMatchObject({ method: "elicitation/create", params: { message: "[held] Who?" } });
    const inputResponses = { [key]: { action: "accept", content: { name: "Ada" } } };
    const retry = { name: "held__run", inputResponses, requestState: asked["requestState"] };
    expect(textOf(lastOf(await ask("tools/call", retry, able)).result)).toBe('{"name":"Ada"}');
  },
  "-32042": async () => {
    const visit = { mode: "url", url: "https://sign-in.example", message: "Sign in", elicitationId: "e" };
    old.data.answer(({ id, res }) => {
      const error = { code: -32_042, message: "first visit", data: { elicitations: [visit] } };
      res.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ jsonrpc: "2.0", id, error }));
    });
    const { result } = lastOf(await ask("tools/call", { name: "old__run" }, { elicitation: { url: {} } }));
    expect(result["resultType"]).toBe("input_required");
    expect(Object.values(result["inputRequests"] as object)).toEqual([
      { method: "elicitation/create", params: { ...visit, message: "[old] Sign in" } },
    ]);
  },
  "`subscriptions/listen`": async () => {
    const uri = "outrigger:local/realold/test://watched-resource";
    const notifications = {
      ...{ toolsListChanged: true, promptsListChanged: true, resourcesListChanged: true },
      resourceSubscriptions: [uri],
    };
    const [body, headers] = modernRequest("subscriptions/listen", { notifications });
    const leaving = new AbortController();
    const response = await fetch(url, {
      ...{ method: "POST", body, signal: leaving.signal },
      headers: { ...headers, "content-type": "application/json", accept: "application/json, text/event-stream" },
    });
    let text = "";
    const reading = (async () => {
      for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) text += chunk;
    })().catch(() => undefined);
    const messages = (): { method: string; params: { _meta?: Record<string, unknown> } }[] =>
      [...text.matchAll(/^data: (\{.*\})$/gm)].map(([, json]) => JSON.parse(json ?? "") as never);
    await waitFor("the acknowledgement", () => messages().length > 0);
    changeLists();
    const client = await connectLegacy(url);
    await client.callTool({ name: "realold__test_simple_text" });
    await client.close();
    const wanted = ["tools/list_changed", "prompts/list_changed", "resources/list_changed", "resources/updated"];
    await waitFor("all news", () =>
      wanted.every((name) => messages().some(({ method }) => method === `notifications/${name}`)),
    );
    expect(messages()[0]?.method).toBe("notifications/subscriptions/acknowledged");
    expect(messages().every(({ params }) => params._meta?.[`${meta}subscriptionId`] === 7)).toBe(true);
    leaving.abort();
    await reading;
  },
  "a closed stream": async () => {
    let id: unknown;
    old.data.answer((call) => {
      id = call.id;
    });
    const [body, headers] = modernRequest("tools/call", { name: "old__run" });
    const leaving = new AbortController();
    const left = postRaw(url, body, headers, leaving.signal);
    await waitFor("the call to arrive", () => id !== undefined);
    leaving.abort();
    await expect(left).rejects.toThrow();
    await waitFor("the notice", () =>
      old.data.received.some(
        ({ method, params }) => method === "notifications/cancelled" && params["requestId"] === id,
      ),
    );
  },
  "a removed method": async () => {
    for (const method of ["ping", "logging/setLevel", "resources/subscribe", "resources/unsubscribe", "tasks/list"]) {
      const answer = await ask(method, {});
      expect([method, answer.status, lastOf(answer).error["code"]]).toEqual([method, 404, -32_601]);
    }
  },
  "tasks of 2025-11-25": async () => {
    const tools = ["required", "optional", "forbidden"].map((taskSupport) => ({
      ...makeTool(taskSupport),
      execution: { taskSupport },
    }));
    old.control.list([makeTool("run"), ...tools]);
    const listed = async (): Promise<readonly Record<string, unknown>[]> =>
      lastOf(await ask("tools/list", {})).result["tools"] as Record<string, unknown>[];
    const ofOld = await waitFor("the list", async () => {
      const found = (await listed()).filter(({ name }) => String(name).startsWith("old__"));
      return found.some(({ name }) => name === "old__optional") ? found : false;
    });
    expect(ofOld.map(({ name }) => name)).toEqual(["old__forbidden", "old__optional", "old__run"]);
    expect(ofOld.some((tool) => "execution" in tool)).toBe(false);
    expect(lastOf(await ask("tools/call", { name: "old__required" })).error).toMatchObject({ code: -32_602 });
  },
});

async function connectAsked(capabilities: object): Promise<LegacyClient> {
  const client = new LegacyClient({ name: "test-client", version: "1.0.0" }, { capabilities });
  if ("elicitation" in capabilities) {
    client.setRequestHandler(ElicitRequestSchema, () => ({ action: "accept", content: { name: "Ada" } }));
  }
  await client.connect(new LegacyTransport(new URL(url)));
  return client;
}

const calls = (): Readonly<Record<string, unknown>>[] =>
  modern.data.received.filter(({ method }) => method === "tools/call").map(({ params }) => params);

defineTable("A legacy client before a modern server", {
  "a request": async () => {
    modern.data.answer(({ id, res }) => sendResult(res, id, { ...textResult("ok"), resultType: "complete" }));
    const client = await connectAsked({ elicitation: {} });
    await client.callTool({ name: "new__run", arguments: { text: "x" } });
    const { params, headers } = modern.data.received.findLast(({ method }) => method === "tools/call")!;
    expect(params).toMatchObject({
      name: "run",
      arguments: { text: "x" },
      _meta: {
        [`${meta}protocolVersion`]: "2026-07-28",
        [`${meta}clientCapabilities`]: { elicitation: {} },
      },
    });
    expect(headers).toMatchObject({
      "mcp-method": "tools/call",
      "mcp-name": "run",
      "mcp-protocol-version": "2026-07-28",
    });
    expect(headers["mcp-session-id"]).toBeUndefined();
    await client.setLoggingLevel("warning");
    await client.callTool({ name: "new__run" });
    expect((calls().at(-1)?.["_meta"] as object | undefined) ?? {}).toMatchObject({ [`${meta}logLevel`]: "warning" });
    await client.close();
  },
  "`input_required`": async () => {
    modern.data.answer(({ id, res }) => {
      const { inputResponses } = calls().at(-1) ?? {};
      const asked = { resultType: "input_required", inputRequests: { who: question }, requestState: "s==" };
      sendResult(res, id, inputResponses === undefined ? asked : textResult(JSON.stringify(inputResponses)));
    });
    const before = calls().length;
    const client = await connectAsked({ elicitation: {} });
    const result = await client.callTool({ name: "new__run", arguments: { text: "x" } });
    const answered = { who: { action: "accept", content: { name: "Ada" } } };
    expect(JSON.parse(textOf(result))).toEqual(answered);
    const [first, second, ...more] = calls().slice(before);
    expect(more).toEqual([]);
    expect(first).not.toHaveProperty("requestState");
    expect(second).toMatchObject({ arguments: { text: "x" }, inputResponses: answered, requestState: "s==" });
    await client.close();
  },
  "a missing capability": async () => {
    modern.data.answer(({ id, res }) =>
      sendResult(res, id, { resultType: "input_required", inputRequests: { who: question } }),
    );
    const client = await connectAsked({});
    const result = await client.callTool({ name: "new__run" });
    expect([result.isError, textOf(result)]).toEqual([true, expect.stringContaining("elicitation")]);
    await client.close();
  },
  "a result": async () => {
    const session = await openSession(url);
    const call = async (): Promise<ReturnType<typeof lastOf>> => {
      const body = { jsonrpc: "2.0", id: 5, method: "tools/call", params: { name: "new__run" } };
      return lastOf(await postRaw(url, JSON.stringify(body), session));
    };
    const hints = { resultType: "complete", ttlMs: 5, cacheScope: "public" };
    modern.data.answer(({ id, res }) =>
      sendResult(res, id, { ...textResult("ok"), ...hints, structuredContent: [1], vendor: 1 }),
    );
    expect((await call()).result).toEqual({ ...textResult("ok"), vendor: 1 });
    for (const code of [-32_020, -32_022]) {
      modern.data.answer(({ id, res }) => {
        const error = { jsonrpc: "2.0", id, error: { code, message: "no" } };
        res.writeHead(400, { "content-type": "application/json" }).end(JSON.stringify(error));
      });
      expect((await call()).error).toMatchObject({ code: -32_603 });
    }
  },
  "the GET stream": async () => {
    const uri = "outrigger:local/realnew/test://watched-resource";
    const client = await connectAsked({});
    const heard = new Set<string>();
    client.setNotificationHandler(ToolListChangedNotificationSchema, () => void heard.add("tools"));
    client.setNotificationHandler(PromptListChangedNotificationSchema, () => void heard.add("prompts"));
    client.setNotificationHandler(ResourceListChangedNotificationSchema, () => void heard.add("resources"));
    client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => void heard.add(params.uri));
    await client.subscribeResource({ uri });
    changeLists();
    await client.callTool({ name: "realnew__test_simple_text" });
    await waitFor("all news", () => ["tools", "prompts", "resources", uri].every((each) => heard.has(each)));
    await client.close();
  },
  "`ping`, `logging/setLevel`": async () => {
    const client = await connectAsked({ roots: { listChanged: true } });
    const before = modern.data.received.length;
    await client.ping();
    await client.setLoggingLevel("debug");
    await client.sendRootsListChanged();
    expect(modern.data.received).toHaveLength(before);
    await client.close();
  },
  "`notifications/cancelled`": async () => {
    let [hasArrived, hasClosed] = [false, false];
    modern.data.answer(({ res }) => {
      hasArrived = true;
      res.once("close", () => {
        hasClosed = true;
      });
    });
    const client = await connectAsked({});
    const cancelling = new AbortController();
    const cancelled = client.callTool({ name: "new__run" }, undefined, { signal: cancelling.signal });
    await waitFor("the call to arrive", () => hasArrived);
    cancelling.abort();
    await expect(cancelled).rejects.toThrow();
    await waitFor("the request to be closed", () => hasClosed);
    await client.close();
  },
  "a batch of 2025-03-26": async () => {
    modern.data.answer(({ id, arguments: values, res }) => sendResult(res, id, textResult(JSON.stringify(values))));
    const clientInfo = { name: "test-client", version: "1.0.0" };
    const params = { protocolVersion: "2025-03-26", capabilities: {}, clientInfo };
    const opened = await postRaw(url, JSON.stringify({ jsonrpc: "2.0", id: 1, method: "initialize", params }));
    expect(lastOf(opened).result["protocolVersion"]).toBe("2025-03-26");
    const session = { "mcp-session-id": opened.headers.get("mcp-session-id") ?? "" };
    await postRaw(url, JSON.stringify({ jsonrpc: "2.0", method: "notifications/initialized" }), session);
    const call = (id: number): object => {
      const named = { name: id === 3 ? "nobody__x" : "new__run", arguments: { text: String(id) } };
      return { jsonrpc: "2.0", id, method: "tools/call", params: named };
    };
    const { messages } = await postRaw(url, JSON.stringify([call(2), call(3), call(4)]), session);
    const answers = new Map(messages.flat().map((message) => [message["id"], message]));
    expect([...answers.keys()].sort()).toEqual([2, 3, 4]);
    expect(textOf(answers.get(4)?.["result"])).toBe('{"text":"4"}');
    expect(answers.get(3)?.["error"]).toMatchObject({ code: -32_602 });
  },
});

it("F-074 shows both eras the same tools of servers of both eras", async () => {
  const [older, newer] = [await connectLegacy(url), await connectModern(url)];
  const namesOf = ({ tools }: { readonly tools: readonly { readonly name: string }[] }): string[] =>
    tools.map(({ name }) => name).filter((name) => !name.startsWith("old__") && !name.startsWith("held__"));
  expect(namesOf(await older.listTools())).toEqual(namesOf(await newer.listTools()));
  await Promise.all([older.close(), newer.close()]);
});
