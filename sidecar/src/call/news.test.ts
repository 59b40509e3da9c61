/** What else than lists is taken out of a server's messages, at the door of a running sidecar: news of resources, instructions, how long a list may be kept. */
import { writeFile } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { describe, expect, it } from "vitest";
import { startInProcess } from "../testing/in-process.ts";
import { createLegacyApp } from "../testing/legacy-app.ts";
import { poll } from "../testing/poll.ts";
import { readStream } from "../testing/read-stream.ts";

type Serve = (body: string, response: ServerResponse) => void;

/** Starts a sidecar before a server that answers requests of the test by `serve`, and its own with 404. */
async function setUp(policy: object, serve: Serve, flags: readonly string[] = []): Promise<number> {
  const handler = (request: IncomingMessage, response: ServerResponse): void => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => void chunks.push(chunk));
    request.on("end", () => {
      if (request.headers["x-test"] === undefined) response.writeHead(404).end();
      else serve(Buffer.concat(chunks).toString("utf8"), response);
    });
  };
  return (await startInProcess({ handler, policy, flags })).port;
}

const json = (response: ServerResponse, text: string): void => {
  response.writeHead(200, { "content-type": "application/json", "content-length": Buffer.byteLength(text) }).end(text);
};
const events = (response: ServerResponse, text: string): void => {
  response.writeHead(200, { "content-type": "text/event-stream" }).end(text);
};
const updated = (uri: string): string =>
  `{"jsonrpc":"2.0","method":"notifications/resources/updated", "params":{"uri":"${uri}"}}`;
const body = (method: string, params: object = {}, id: string | number = 1): string =>
  JSON.stringify({ jsonrpc: "2.0", id, method, params });
const call = body("tools/call", { name: "t" });

async function ask(port: number, sent?: string, headers: Readonly<Record<string, string>> = {}) {
  const stream = readStream(port, { ...(sent === undefined ? {} : { body: sent }), headers });
  await poll(stream.ended).toBe("in order");
  return { status: stream.status(), text: stream.text() };
}

const meta = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientCapabilities": {},
};

const hides = { resources: { deny: ["test://secret/*"] } };
const answer = '{"jsonrpc":"2.0","id":1,"result":{"content":[], "n":1.0}}';
const eventsOf = (...data: readonly string[]): string =>
  data.map((each, at) => `id: ${at}\r\ndata: ${each}\r\n\r\n`).join("");

describe("news of a resource that policy hides", () => {
  const mixed = [updated("test://open/a"), updated("test://secret/a"), answer];
  const shown = `id: 0\r\ndata: ${mixed[0]}\r\n\r\nid: 1\r\n\r\nid: 2\r\ndata: ${answer}\r\n\r\n`;

  it.each<[string, string?, Readonly<Record<string, string>>?]>([
    ["a stream of the session"],
    ["the stream of a call", call],
    [
      "a subscription",
      body("subscriptions/listen", { _meta: meta, notifications: { resourceSubscriptions: ["test://open/a"] } }),
      { "mcp-protocol-version": "2026-07-28", "mcp-method": "subscriptions/listen" },
    ],
  ])("does not come on %s, and every other byte does", async (_where, sent, headers) => {
    const port = await setUp(hides, (_body, response) => events(response, eventsOf(...mixed)));
    expect((await ask(port, sent, headers)).text).toBe(shown);
  });

  it.each([0, 300_000])("does not come in a batch beside the answer, with %i bytes more", async (more) => {
    const last = answer.replace("[]", `[${" ".repeat(more)}]`);
    const port = await setUp(hides, (_body, response) => json(response, ` [${mixed[1]}, ${last}]`));
    expect((await ask(port, call)).text).toBe(`[${last}]`);
  });

  it("leaves a batch without it, and a large answer, as they are", async () => {
    const large = answer.replace("[]", `[${" ".repeat(300_000)}]`);
    const port = await setUp(hides, (sent, response) =>
      json(response, sent.includes('"large"') ? large : ` [${mixed[0]}, ${answer} ]`),
    );
    expect((await ask(port, call)).text).toBe(` [${mixed[0]}, ${answer} ]`);
    expect((await ask(port, body("tools/call", { name: "large" }))).text).toBe(large);
  });

  it("comes where nothing is hidden", async () => {
    const port = await setUp({ tools: { deny: ["x"] } }, (_body, response) => events(response, eventsOf(...mixed)));
    for (const sent of [undefined, call]) expect((await ask(port, sent)).text).toBe(eventsOf(...mixed));
  });

  it("does not come where decoders could differ on what it is", async () => {
    const odd = `{"jsonrpc":"2.0","method":"a","Method":"notifications/resources/updated","params":{"uri":"test://open/a"}}`;
    const port = await setUp(hides, (_body, response) => events(response, eventsOf(odd, updated("test://open/a"))));
    expect((await ask(port)).text).toBe(`id: 0\r\n\r\nid: 1\r\ndata: ${updated("test://open/a")}\r\n\r\n`);
  });
});

describe("a message on an open stream that can't be read in exactly one way", () => {
  const odd = [
    '{"jsonrpc":"2.0","id":1.5,"method":"sampling/createMessage","params":{}}',
    '{"jsonrpc":"2.0","method":"notifications/message","params":{"Name":1,"name":2}}',
  ];

  it("passes where nobody could read a list in it", async () => {
    const port = await setUp({}, (_body, response) => events(response, eventsOf(...odd)));
    expect((await ask(port)).text).toBe(eventsOf(...odd));
  });

  it.each([
    '{"jsonrpc":"2.0","id":1.5,"result":{"tools":[{"name":"hidden"}]}}',
    '{"method":"a","Result":{"tools":[]}}',
    "hidden",
  ])("ends the stream where somebody could: %s", async (last) => {
    const port = await setUp({ tools: { deny: ["hidden"] } }, (_body, response) =>
      events(response, eventsOf(...odd, last, ...odd)),
    );
    expect((await ask(port)).text).toBe(eventsOf(...odd));
  });
});

describe("instructions of a server", () => {
  const hello =
    '{"jsonrpc":"2.0","id":1,"result":{"protocolVersion":"2025-06-18", "capabilities":{},"instructions":"use hidden"}}';
  const without = '{"jsonrpc":"2.0","id":1,"result":{"protocolVersion":"2025-06-18","capabilities":{}}}';
  const initialize = body("initialize", { protocolVersion: "2025-06-18", capabilities: {}, clientInfo: {} });

  it("are taken out of what it says of itself where policy drops them: in JSON, events and a replay", async () => {
    const port = await setUp({ instructions: "Drop" }, (sent, response) =>
      sent.includes('"name":"json"') ? json(response, hello) : events(response, eventsOf(hello)),
    );
    expect((await ask(port, initialize.replace('"clientInfo":{}', '"clientInfo":{"name":"json"}'))).text).toBe(without);
    expect((await ask(port, initialize)).text).toBe(eventsOf(without));
    expect((await ask(port)).text).toBe(eventsOf(without));
  });

  it("stay otherwise, and whatever a call answers stays", async () => {
    const kept = await setUp({}, (_body, response) => json(response, hello));
    expect((await ask(kept, initialize)).text).toBe(hello);
    const dropping = await setUp({ instructions: "Drop" }, (_body, response) => json(response, hello));
    expect((await ask(dropping, call)).text).toBe(hello);
  });
});

it("instructions are not in the feed while policy drops them, and come back with it", async () => {
  const { controlPort, policyFile } = await startInProcess({ handler: createLegacyApp().handler });
  const identity = async (): Promise<unknown> => {
    const response = await fetch(`http://127.0.0.1:${controlPort}/v1/feed`);
    const reader = response.body?.getReader();
    const first = Buffer.from((await reader?.read())?.value ?? []).toString("utf8");
    await reader?.cancel();
    // The first event is a state.
    return (JSON.parse(/^data: (.*)$/m.exec(first)?.[1] ?? "{}") as { readonly identity?: unknown }).identity;
  };
  const whole = { name: "legacy", version: "1", instructions: "use secret_tool" };
  await poll(identity).toEqual(whole);
  await writeFile(policyFile, JSON.stringify({ instructions: "Drop" }));
  await poll(identity).toEqual({ name: "legacy", version: "1" });
  await writeFile(policyFile, "{}");
  await poll(identity).toEqual(whole);
});

describe("a list that depends on the caller", () => {
  const headers = { "mcp-protocol-version": "2026-07-28", "mcp-method": "tools/list" };
  const list =
    '{"jsonrpc":"2.0","id":1,"result":{"resultType":"complete","tools":[{"name":"a"},{"name":"b"}],"ttlMs":5,"cacheScope":"public"}}';
  const rule = { name: "b is for ops", action: "Deny", tools: ["b"], subjects: [{ kind: "Group", name: "dev" }] };
  const serve: Serve = (_body, response) => json(response, list);

  it("says that it is private, whether something was hidden from this caller or not", async () => {
    const port = await setUp({ rules: [rule] }, serve);
    const shown = await ask(port, body("tools/list", { _meta: meta }), headers);
    expect(JSON.parse(shown.text)).toMatchObject({
      result: { tools: [{ name: "a" }], cacheScope: "private", ttlMs: 5 },
    });
    const all = await setUp({ rules: [{ ...rule, tools: ["no_such_tool"] }] }, serve);
    expect((await ask(all, body("tools/list", { _meta: meta }), headers)).text).toBe(list.replace("public", "private"));
  });

  it("is not touched where the caller does not matter, or the revision has no such word", async () => {
    const port = await setUp({ tools: { deny: ["x"] } }, serve);
    expect((await ask(port, body("tools/list", { _meta: meta }), headers)).text).toBe(list);
    const legacy = await setUp({ rules: [{ ...rule, tools: ["no_such_tool"] }] }, serve);
    expect((await ask(legacy, body("tools/list"))).text).toBe(list);
  });
});
