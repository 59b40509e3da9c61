/** The read API of the real program: every route against its own OpenAPI document, and what records say of a server that can't be listed. */
import { Ajv2020 } from "ajv/dist/2020.js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { operationList, type Operation } from "../../aggregator/src/rest/openapi/operations.ts";
import { startAggregatorProgram, type RunningAggregator } from "../fixtures/aggregator.ts";
import { makeTool, startFakeSidecar, type FakeSidecar } from "../fixtures/fake-sidecar/sidecar.ts";
import { modernRequest, postRaw } from "../fixtures/mcp-clients.ts";
import { waitFor } from "../fixtures/wait-for.ts";

type Json = Readonly<Record<string, unknown>>;

interface OpenApi {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, { readonly get: { readonly responses: Readonly<Record<string, Json>> } }>>;
  readonly components: { readonly schemas: Json };
}

const ends: (() => Promise<unknown>)[] = [];
let aggregator: RunningAggregator;
let good: FakeSidecar;
let document: OpenApi;

beforeAll(async () => {
  good = await startFakeSidecar("good", { era: "modern", tools: [makeTool("read_page"), makeTool("write_page")] });
  const failing = await startFakeSidecar("failing", { tools: [makeTool("old")] });
  ends.push(
    () => good.close(),
    () => failing.close(),
  );
  const message = "the server answered tools/list with an error";
  failing.control.tell({ catalogue: { reason: "ListFailed", message, atMs: 120_000, listedAtMs: 60_000 } });
  const away = { url: "http://127.0.0.1:1/mcp", outrigger: {} };
  aggregator = await startAggregatorProgram({ good: good.entry({ group: "web" }), failing: failing.entry(), away });
  ends.push(() => aggregator.close());
  await aggregator.ready();
  document = (await aggregator.get("/api/v1/openapi.json")) as unknown as OpenApi;
}, 60_000);
afterAll(async () => {
  for (const end of ends.reverse()) await end();
});

/** The document's schemas with every object closed that does not say that it is open: a member that it does not tell of is a fault. */
function close(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(close);
  if (typeof value !== "object" || value === null) return value;
  const closed = Object.fromEntries(Object.entries(value).map(([name, member]) => [name, close(member)]));
  return "properties" in closed && !("additionalProperties" in closed)
    ? { ...closed, additionalProperties: false }
    : closed;
}

/** What is wrong with an answer by the document; empty where nothing is. */
function findFaults(path: string, status: number, body: unknown): readonly string[] {
  const response = document.paths[`/api/v1${path}`]?.get.responses[String(status)];
  if (response === undefined) return [`${path}: the document knows no status ${status}`];
  const { schema } = (response["content"] as Readonly<Record<string, { schema: Json }>>)["application/json"]!;
  const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });
  const validate = ajv.compile({ ...(close({ ...schema, components: document.components }) as Json) });
  return validate(body)
    ? []
    : (validate.errors ?? []).map(
        (error) => `${error.instancePath} ${error.message ?? ""} ${JSON.stringify(error.params)}`,
      );
}

async function ask(path: string): Promise<{ readonly status: number; readonly body: Json }> {
  const response = await fetch(`${aggregator.url}/api/v1${path}`);
  return { status: response.status, body: (await response.json()) as Json };
}

/** Requests of each operation, and the status of each. */
const requests: Readonly<Record<(typeof operationList)[number]["id"], readonly (readonly [string, number])[]>> = {
  listServers: [["/servers", 200]],
  readServer: [
    ["/servers/local/good", 200],
    ["/servers/local/failing", 200],
    ["/servers/local/away", 200],
    ["/servers/local/goo", 404],
    ["/servers/elsewhere/good", 404],
  ],
  listTools: [
    ["/tools", 200],
    ["/tools?limit=1", 200],
    ["/tools?group=web&namespace=local&server=good", 200],
    ["/tools?q=read%20a%20page", 200],
    ["/tools?limit=0", 400],
    ["/tools?colour=red", 400],
    ["/tools?tag=x", 400],
    ["/tools?cursor=nonsense", 400],
  ],
  readTool: [
    ["/tools/good__read_page", 200],
    ["/tools/good__read_pag", 404],
  ],
  search: [
    ["/search?q=read%20a%20page", 200],
    ["/search?q=page&limit=1&detail=short&explain=true&explain_tool=good__write_page", 200],
    ["/search?q=page&keywords=write&read_only=false&max_tokens=100&server=good", 200],
    ["/search", 400],
    ["/search?q=page&limit=51", 400],
  ],
  countCalls: [
    ["/calls", 200],
    ["/calls?since=now", 400],
  ],
  readSummary: [["/summary", 200]],
  readHealth: [["/health", 200]],
  readConfig: [["/config", 200]],
  readDocument: [["/openapi.json", 200]],
};

describe("F-104 the read API", () => {
  it.each(operationList.map(({ id, path }) => [id, path] as const))(
    "answers %s (%s) as its document says",
    async (id, path) => {
      for (const [asked, expected] of requests[id] ?? []) {
        const { status, body } = await ask(asked);
        expect([asked, status]).toEqual([asked, expected]);
        expect(findFaults(path, status, body), asked).toEqual([]);
      }
      expect(requests[id]?.length).toBeGreaterThan(0);
    },
  );

  it("has a document in which each parameter that it tells of is taken, and no other", async () => {
    expect(document.openapi).toBe("3.1.0");
    // A checker that finds no fault would make all of this worthless.
    expect(findFaults("/summary", 200, { servers: "many", colour: "red" })).not.toEqual([]);
    const queries = operationList.flatMap((operation: Operation) =>
      operation.parameters.flatMap(({ in: place, name }) =>
        place === "query" ? [[operation.path, name] as const] : [],
      ),
    );
    for (const [path, name] of queries) {
      // A value of no form: what is wrong with it is said by the parameter's own name, or it is taken.
      const { body } = await ask(`${path}?${name}=%00`);
      expect(JSON.stringify(body), `${path} ${name}`).not.toContain("no such parameter");
    }
    const { status, body } = await ask("/servers?nmespace=x");
    expect([status, body]).toEqual([400, { error: { message: "nmespace: no such parameter; none is" } }]);
  });

  it("counts calls by server and tool", async () => {
    await postRaw(`${aggregator.url}/mcp`, ...modernRequest("tools/call", { name: "good__read_page" }));
    const { body } = await ask("/calls");
    expect(body).toMatchObject({
      calls: { ok: 1 },
      servers: [{ server: "good", calls: { ok: 1 }, tools: [{ name: "good__read_page", calls: { ok: 1 } }] }],
      uncounted: 0,
    });
    expect(findFaults("/calls", 200, body)).toEqual([]);
  });

  it("tells what searches spared, as the metric does, and how callers were identified", async () => {
    const of = async (): Promise<Json> => (await ask("/calls")).body["searches"] as Json;
    const before = await of();
    const params = { name: "find_tool", arguments: { description: "read a page" } };
    const { messages } = await postRaw(`${aggregator.url}/mcp`, ...modernRequest("tools/call", params));
    const { structuredContent } = (messages.at(-1) as { result: { structuredContent: Json } }).result;
    const { tokens_saved: saved } = structuredContent["token_metrics"] as { tokens_saved: number };
    const after = await of();
    expect(after).toEqual({
      requests: Number(before["requests"]) + 1,
      tokensSaved: Number(before["tokensSaved"]) + saved,
    });
    const metrics = await aggregator.metrics();
    expect(metrics).toContain(`find_tool_tokens_saved_total ${String(after["tokensSaved"])}\n`);
    expect(metrics).toMatch(/authentications_total\{method="none",result="ok"\} [1-9]/);
  });

  it("shows settings without secrets, and names that are near to one that is unknown", async () => {
    const { settings } = (await ask("/config")).body as { settings: { flag: string; value: unknown }[] };
    const valueOf = (flag: string): unknown => settings.find((setting) => setting.flag === flag)?.value;
    expect([valueOf("names"), valueOf("wake-token")]).toEqual(["server", null]);
    expect((await ask("/tools/good__read_pag")).body).toMatchObject({
      error: { nearest: expect.arrayContaining(["good__read_page"]) as string[] },
    });
  });

  it("is refused to a page that reaches it under another name", async () => {
    const response = await fetch(`${aggregator.url}/api/v1/config`, { headers: { origin: "https://evil.example" } });
    expect(response.status).toBe(403);
  });
});

describe("F-188 the record of a server", () => {
  it("says why its list can't be read, and when it could be last", async () => {
    const { body } = await ask("/servers/local/failing");
    expect(body).toMatchObject({
      toolsCount: 1,
      catalogue: {
        reason: "ListFailed",
        message: "the server answered tools/list with an error",
        at: "1970-01-01T00:02:00.000Z",
        listedAt: "1970-01-01T00:01:00.000Z",
      },
    });
    expect((await ask("/servers/local/good")).body).toMatchObject({ catalogue: { reason: "CatalogueListed" } });
  });

  it("is told to a model by list_servers, of servers that can't be listed alone", async () => {
    const params = { name: "list_servers", arguments: {} };
    const list = async (): Promise<Json[]> => {
      const { messages } = await postRaw(`${aggregator.url}/mcp`, ...modernRequest("tools/call", params));
      const { structuredContent } = (messages.at(-1) as { result: { structuredContent: { servers: Json[] } } }).result;
      return structuredContent.servers;
    };
    const servers = await waitFor("both servers", async () => {
      const told = await list();
      return told.length >= 2 ? told : undefined;
    });
    const of = (name: string): Json | undefined => servers.find((server) => server["name"] === name);
    expect(of("failing")).toMatchObject({
      catalogue_error: "the server answered tools/list with an error",
      listed_at: "1970-01-01T00:01:00.000Z",
    });
    expect(of("good")).not.toHaveProperty("catalogue_error");
  });
});
