/** What the sidecar does not know passes as it came, byte for byte, both ways: members, contents, capabilities, methods. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createPrograms } from "../fixtures/programs.ts";
import { startRealSidecar, type RealSidecar } from "../fixtures/real-sidecar.ts";
import { startRawServer, type RawReply, type RawServer } from "./raw-server.ts";

const programs = createPrograms();
let server: RawServer;
let sidecar: RealSidecar;

beforeAll(async () => {
  server = await startRawServer();
  sidecar = await startRealSidecar(programs, "raw", ["--upstream", server.url]);
});
afterAll(async () => {
  await programs.endAll();
  await server.close();
});

/** Members that no revision knows, in forms that a parser would not write again: spaces, escapes, a number without end, key order. */
const strange = `"zz-unknown" : { "\\u0061b":1.0e+2,"deep":[ 12345678901234567890.10, null ,"\\/ é \\ud83d\\ude00"] , "a":{}}`;
const legacyMeta = `"_meta":{"com.example/trace":"t","traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", ${strange}}`;
const modernMeta = `"_meta":{ "io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{"extensions":{"com.example/ext":{"x":1},"io.modelcontextprotocol/tasks":{}}, ${strange}},"com.example/trace":"t"}`;

/** Methods with their own members of params and of a result, by era. */
interface Case {
  readonly method: string;
  readonly params?: string;
  readonly result?: string;
}

const content = `"content":[{"type":"text","text":"x", ${strange}},{"type":"com.example/hologram","data":[1.0]}],"structuredContent":{"n":1.50}`;
const ref = `"ref":{"type":"ref/prompt","name":"p", ${strange}},"argument":{"name":"a","value":"v"}`;
const bothEras: readonly Case[] = [
  {
    method: "tools/list",
    result: `"tools":[{"name":"t","inputSchema":{"type":"object", ${strange}},"annotations":{${strange}}}]`,
  },
  { method: "tools/call", params: `"name":"t","arguments":{ ${strange} }`, result: content },
  { method: "prompts/list", result: `"prompts":[{"name":"p", ${strange}}]` },
  {
    method: "prompts/get",
    params: `"name":"p","arguments":{"a":"1"}`,
    result: `"messages":[{"role":"user","content":{"type":"com.example/x", ${strange}}}]`,
  },
  { method: "resources/list", result: `"resources":[{"uri":"note://a","name":"a", ${strange}}]` },
  {
    method: "resources/templates/list",
    result: `"resourceTemplates":[{"uriTemplate":"note://{x}","name":"x", ${strange}}]`,
  },
  {
    method: "resources/read",
    params: `"uri":"note://a"`,
    result: `"contents":[{"uri":"note://a","text":"x", ${strange}}]`,
  },
  { method: "completion/complete", params: ref, result: `"completion":{"values":["v"], ${strange}}` },
  { method: "com.example/extension/do", params: `"name":"anything"`, result: `"done":true` },
];
const legacyOnly: readonly Case[] = [
  {
    method: "initialize",
    params: `"protocolVersion":"REVISION","capabilities":{"experimental":{"com.example/x":{}}, ${strange}},"clientInfo":{"name":"raw","version":"1", ${strange}}`,
    result: `"protocolVersion":"REVISION","capabilities":{"extensions":{"com.example/ext":{}}, ${strange}},"serverInfo":{"name":"s","version":"1"}`,
  },
  { method: "ping" },
  { method: "logging/setLevel", params: `"level":"info"` },
  { method: "resources/subscribe", params: `"uri":"note://a"` },
  { method: "resources/unsubscribe", params: `"uri":"note://a"` },
];
const modernOnly: readonly Case[] = [
  {
    method: "server/discover",
    result: `"supportedVersions":["2026-07-28"],"capabilities":{"extensions":{"com.example/ext":{}}, ${strange}},"ttlMs":0,"cacheScope":"public"`,
  },
  // What the server wants to know of the user or the model before it answers, and the retry with the answers.
  {
    method: "tools/call",
    params: `"name":"t","arguments":{}`,
    result: `"resultType":"input_required","inputRequests":{"q":{"method":"elicitation/create","params":{ ${strange} }},"m":{"method":"sampling/createMessage","params":{"messages":[]}}},"requestState":"opaque=="`,
  },
  {
    method: "tools/call",
    params: `"name":"t","arguments":{},"inputResponses":{"q":{"action":"accept","content":{ ${strange} }}},"requestState":"opaque=="`,
    result: `"resultType":"complete", ${content}`,
  },
  {
    method: "subscriptions/listen",
    params: `"notifications":{"toolsListChanged":true,"resourceSubscriptions":["note://a"], ${strange}}`,
    result: `"resultType":"complete"`,
  },
];
const taskCreated = `"task":{"taskId":"TASK","status":"working","ttl":1000,"pollInterval":10, ${strange}}`;
const legacyTasks: readonly Case[] = [
  { method: "tools/call", params: `"name":"t","arguments":{},"task":{"ttl":1000, ${strange}}`, result: taskCreated },
  { method: "tasks/get", params: `"taskId":"TASK"`, result: `"taskId":"TASK","status":"working"` },
  { method: "tasks/list", result: `"tasks":[{"taskId":"TASK","status":"working", ${strange}}]` },
  { method: "tasks/result", params: `"taskId":"TASK"`, result: content },
  { method: "tasks/cancel", params: `"taskId":"TASK"`, result: `"taskId":"TASK","status":"cancelled"` },
];
const modernTasks: readonly Case[] = [
  {
    method: "tools/call",
    params: `"name":"t","arguments":{}`,
    result: `"resultType":"task","taskId":"TASK","status":"working","ttlMs":1000,"pollIntervalMs":10, ${strange}`,
  },
  {
    method: "tasks/get",
    params: `"taskId":"TASK"`,
    result: `"resultType":"complete","taskId":"TASK","status":"working"`,
  },
  {
    method: "tasks/update",
    params: `"taskId":"TASK","inputResponses":{ ${strange} }`,
    result: `"resultType":"complete"`,
  },
  { method: "tasks/cancel", params: `"taskId":"TASK"`, result: `"resultType":"complete"` },
];

/** What a server says before its answer, on the same stream: all that it may tell and ask, and what no revision knows. */
const said = [
  `: a comment\r\n\r\n`,
  `id: 1\r\nretry: 1500\r\ndata:\r\n\r\n`,
  ...[
    `"method":"notifications/progress","params":{"progressToken":"p","progress":0.50, ${strange}}`,
    `"method":"notifications/message","params":{"level":"info","data":{ ${strange} }}`,
    `"method":"notifications/com.example/news","params":{ ${strange} }`,
    `"id":"ask-1","method":"sampling/createMessage","params":{"messages":[{"role":"user","content":{"type":"com.example/x"}}],"maxTokens":10, ${strange}}`,
    `"id":"ask-2","method":"elicitation/create","params":{"message":"m","requestedSchema":{"type":"object", ${strange}}}`,
    `"id":"ask-3","method":"com.example/ask","params":{ ${strange} }`,
  ].map((message, at) => `event: message\nid: ${at + 2}\ndata: {"jsonrpc":"2.0", ${message}}\n\n`),
].join("");

const legacyRevisions = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"] as const;
let ids = 0;

/** The text of a request and of its answer, with an id that no other message has. */
function write({ method, params, result }: Case, revision: string): { request: string; answer: string; id: string } {
  const id = `"case-${++ids}"`;
  const meta = revision === "2026-07-28" ? modernMeta : legacyMeta;
  const fill = (text: string): string => text.replaceAll("REVISION", revision).replaceAll("TASK", `task-${revision}`);
  const members = [params, strange, meta].filter((each) => each !== undefined).join(" , ");
  return {
    id,
    request: fill(`{ "jsonrpc":"2.0", "id":${id} ,"method":"${method}","params":{ ${members} }, ${strange}}\n`),
    answer: fill(
      `{"result": {${result === undefined ? "" : `${result} , `}${strange},"_meta":{ ${strange} }}, "jsonrpc":"2.0","id":${id}, ${strange}}`,
    ),
  };
}

function headersOf({ method, params = "" }: Case, revision: string): Record<string, string> {
  if (revision !== "2026-07-28") return method === "initialize" ? {} : { "mcp-protocol-version": revision };
  const name = /^"(?:name|uri|taskId)":"([^"]+)"/.exec(params)?.[1]?.replace("TASK", `task-${revision}`);
  const named = name === undefined || method.startsWith("com.example") ? {} : { "mcp-name": name };
  return { "mcp-protocol-version": revision, "mcp-method": method, ...named };
}

async function post(body: string, headers: Record<string, string>): Promise<{ status: number; text: string }> {
  const accept = "application/json, text/event-stream";
  const base = { "content-type": "application/json", accept };
  const response = await fetch(sidecar.dataUrl, { method: "POST", headers: { ...base, ...headers }, body });
  return { status: response.status, text: await response.text() };
}

/** Sends a case and expects that both sides get what the other one sent. */
async function expectUnchanged(each: Case, revision: string, form: RawReply["type"]): Promise<void> {
  const { id, request, answer } = write(each, revision);
  const body = form === "application/json" ? answer : `${said}event: message\nid: 99\ndata: ${answer}\n\n`;
  server.reply(`"id":${id}`, { status: 200, type: form ?? "application/json", body });
  const got = await post(request, headersOf(each, revision));
  const reached = server.came.filter((one) => one.body.includes(`"id":${id}`)).map((one) => one.body);
  expect([reached, got]).toEqual([[request], { status: 200, text: body }]);
}

const forms = ["application/json", "text/event-stream"] as const;

describe.each(legacyRevisions)("a client and a server of %s", (revision) => {
  it.each([...bothEras, ...legacyOnly])(
    "F-075 F-209 get each other's $method as it was sent, answered at once or after all that a server may tell and ask",
    async (each) => {
      for (const form of forms) await expectUnchanged(each, revision, form);
    },
  );

  it.each([
    ["a cancellation", `"method":"notifications/cancelled","params":{"requestId":"case-0", ${strange}}`],
    ["progress", `"method":"notifications/progress","params":{"progressToken":1,"progress":1.0, ${strange}}`],
    ["a notification of an extension", `"method":"notifications/com.example/x","params":{ ${strange} }`],
    [
      "a model's answer",
      `"id":"ask-1","result":{"role":"assistant","model":"m","content":{"type":"com.example/x"}, ${strange}}`,
    ],
    ["a user's answer", `"id":"ask-2","result":{"action":"accept","content":{ ${strange} }}`],
    ["an error for the server", `"id":"ask-3","error":{"code":-1,"message":"no","data":{ ${strange} }}`],
  ])("F-075 F-209 get %s as it was sent", async (_what, message) => {
    const body = `{"jsonrpc":"2.0",\t${message}, "copy":${++ids}}`;
    expect(await post(body, { "mcp-protocol-version": revision })).toEqual({ status: 202, text: "" });
    expect(server.came.filter((one) => one.body === body)).toHaveLength(1);
  });
});

describe("a client and a server of 2026-07-28", () => {
  it.each([...bothEras, ...modernOnly])(
    "F-075 F-209 get each other's $method as it was sent, answered at once or after all that a server may tell",
    async (each) => {
      for (const form of forms) await expectUnchanged(each, "2026-07-28", form);
    },
  );
});

it.each([
  ["2025-11-25", legacyTasks],
  ["2026-07-28", modernTasks],
] as const)(
  "F-075 a task of %s is made, asked for, answered and cancelled, as both sides wrote it",
  async (revision, cases) => {
    for (const each of cases) await expectUnchanged(each, revision, "application/json");
  },
);
