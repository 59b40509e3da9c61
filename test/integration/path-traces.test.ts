/** One trace over client, aggregator, sidecar and server, received over OTLP from the real programs. */
import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { connectLegacy, connectModern, modernRequest, openSession, postRaw } from "../fixtures/mcp-clients.ts";
import { waitFor } from "../fixtures/wait-for.ts";
import type { Arrived } from "./telemetry-bed.ts";
import { startPath, startTracedPath, type CallPath } from "./traced-path.ts";

const [callersTrace, otherTrace] = ["4bf92f3577b34da6a3ce929d0e0e4736", "0af7651916cd43dd8448eb211c80319c"] as const;
const [callersSpan, otherSpan] = ["00f067aa0ba902b7", "b7ad6b7169203331"] as const;
const sampled = `00-${callersTrace}-${callersSpan}-01`;
const other = `00-${otherTrace}-${otherSpan}-01`;

const memoryServer = fileURLToPath(import.meta.resolve("@modelcontextprotocol/server-memory/dist/index.js"));

type Carried = Readonly<Record<string, unknown>>;

const callOf = (name: string, arguments_: object, meta: Carried = {}) => ({
  name,
  arguments: { name: "git__good", arguments: { key: "s3cret-argument" }, ...arguments_ },
  _meta: meta,
});

/** Posts one request of the modern era. */
function callModern({ aggregator }: CallPath, params: Record<string, unknown>, headers: Record<string, string> = {}) {
  const [body, own] = modernRequest("tools/call", params);
  return postRaw(`${aggregator.url}/mcp`, body, { ...own, ...headers });
}

const callThatArrived = ({ bed }: CallPath): Promise<Arrived> =>
  waitFor("the call", () => bed.arrived.find(({ body }) => body.includes('"tools/call"')));

it("F-170 follows a call through aggregator and sidecar to the server, in one trace by the MCP conventions", async () => {
  const path = await startTracedPath();
  const answer = await callModern(path, callOf("call_tool", {}, { traceparent: sampled, tracestate: "vendor=1" }));
  expect(answer.status).toBe(200);
  const spans = await path.trace(callersTrace, 4);
  expect(spans.map(({ resource, kind, name }) => [resource["service.name"], kind, name])).toEqual([
    ["outrigger-aggregator", 2, "tools/call call_tool"],
    ["outrigger-aggregator", 3, "tools/call good"],
    ["outrigger-sidecar", 2, "tools/call good"],
    ["outrigger-sidecar", 3, "tools/call good"],
  ]);
  const ids = [callersSpan, ...spans.map(({ spanId }) => spanId)];
  expect(spans.map(({ parentSpanId }) => parentSpanId)).toEqual(ids.slice(0, 4));
  expect(spans.map(({ links, status, traceState }) => [links, status, traceState])).toEqual(
    spans.map(() => [[], 0, "vendor=1"]),
  );
  expect(spans[0]?.attributes).toEqual({
    "mcp.method.name": "tools/call",
    "gen_ai.operation.name": "execute_tool",
    "gen_ai.tool.name": "call_tool",
    "jsonrpc.request.id": "7",
    "mcp.protocol.version": "2026-07-28",
    "network.protocol.name": "http",
    "network.transport": "tcp",
  });
  expect(spans[1]?.attributes).toMatchObject({ "gen_ai.tool.name": "good", "outrigger.server": "git" });
  const { headers, body } = await callThatArrived(path);
  expect([headers["traceparent"], headers["tracestate"]]).toEqual([`00-${callersTrace}-${ids[4]}-01`, "vendor=1"]);
  const { _meta } = (JSON.parse(body) as { params: { _meta: object } }).params;
  expect(_meta).toMatchObject({ traceparent: `00-${callersTrace}-${ids[2]}-01`, tracestate: "vendor=1" });
  expect(JSON.stringify(spans.map(({ attributes }) => attributes))).not.toContain("s3cret");
  const metrics = await path.aggregator.metrics();
  const labels = 'mcp_method_name="tools/call",gen_ai_tool_name="call_tool",error_type=""';
  expect(metrics).toContain(`mcp_server_operation_duration_seconds_count{${labels}} 1\n`);
  expect(metrics).toContain(
    'mcp_client_operation_duration_seconds_count{mcp_method_name="tools/call",error_type=""} 1\n',
  );
});

it("takes the context of a session's requests from the header, and links it where the message has another", async () => {
  const path = await startTracedPath();
  const session = await openSession(`${path.aggregator.url}/mcp`);
  const post = (id: number, meta: Carried, traceparent: string) => {
    const params = callOf("call_tool", {}, meta);
    const body = JSON.stringify({ jsonrpc: "2.0", id, method: "tools/call", params });
    return postRaw(`${path.aggregator.url}/mcp`, body, { ...session, traceparent });
  };
  await post(1, {}, sampled);
  const [first] = await path.trace(callersTrace, 4);
  expect(first).toMatchObject({ parentSpanId: callersSpan, links: [] });
  // Whoever has the handle has the session.
  const sessionId = createHash("sha256").update(String(session["mcp-session-id"])).digest("hex").slice(0, 16);
  expect(first?.attributes).toMatchObject({ "mcp.session.id": sessionId });
  await post(2, { traceparent: other }, sampled);
  const [second] = await path.trace(otherTrace, 4);
  expect(second).toMatchObject({ parentSpanId: otherSpan, links: [{ traceId: callersTrace, spanId: callersSpan }] });
});

it("has the same form with a real server of stdio, a real client, and every tool by its own name", async () => {
  const command = [process.execPath, memoryServer];
  const path = await startTracedPath({ command, aggregatorFlags: ["--mode", "direct"] });
  const client = await connectModern(`${path.aggregator.url}/mcp`);
  const result = await client.callTool({
    name: "git__read_graph",
    arguments: {},
    _meta: { traceparent: sampled },
  });
  await client.close();
  expect(result.isError).not.toBe(true);
  const spans = await path.trace(callersTrace, 4);
  expect(spans.map(({ kind, name, status }) => [kind, name, status])).toEqual([
    [2, "tools/call git__read_graph", 0],
    [3, "tools/call read_graph", 0],
    [2, "tools/call read_graph", 0],
    [3, "tools/call read_graph", 0],
  ]);
  expect(spans.map(({ attributes }) => attributes["network.transport"])).toEqual(["tcp", "tcp", "tcp", "pipe"]);
});

it("shows searches, also those of the read API, and calls that end at the aggregator with why they do", async () => {
  const path = await startTracedPath();
  await callModern(path, {
    name: "find_tool",
    arguments: { description: "s3cret wish" },
    _meta: { traceparent: sampled },
  });
  await callModern(path, callOf("call_tool", { name: "git__made-up" }, { traceparent: other }));
  await fetch(`${path.aggregator.url}/api/v1/tools?q=s3cret`, { headers: { traceparent: sampled } });
  const searches = await path.trace(callersTrace, 2);
  expect(searches.map(({ name, kind, status }) => [name, kind, status])).toEqual([
    ["tools/call find_tool", 2, 0],
    ["GET /api/v1/tools", 2, 0],
  ]);
  const [refused, ...more] = await path.trace(otherTrace, 1);
  expect(more).toEqual([]);
  expect(refused).toMatchObject({ name: "tools/call call_tool", status: 2 });
  expect(refused?.attributes).toMatchObject({ "outrigger.reason": "ToolUnknown", "error.type": "tool_error" });
  expect(searches.flatMap(({ attributes }) => Object.values(attributes)).join()).not.toContain("s3cret");
});

it("costs nothing where it is off: nothing of the SDK is loaded, and the caller's context goes on as it came", async () => {
  // Tells on the output what is loaded; each line has to be JSON. The metrics' library loads the API of OpenTelemetry, but no SDK.
  const hook = `import { registerHooks } from "node:module";
    import { writeSync } from "node:fs";
    registerHooks({ load: (url, context, next) => {
      if (/@opentelemetry.(sdk|exporter)/.test(url)) writeSync(1, JSON.stringify({ msg: "loaded", url }) + "\\n");
      return next(url, context);
    } });`;
  const env = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(hook)}` };
  const traced = await startTracedPath({ env });
  expect(traced.aggregator.log.some(({ msg }) => msg === "loaded")).toBe(true);
  const path = await startPath({ env });
  expect(path.aggregator.log.some(({ msg }) => msg === "loaded")).toBe(false);
  const client = await connectLegacy(`${path.aggregator.url}/mcp`, { traceparent: sampled, tracestate: "vendor=1" });
  await client.callTool(callOf("call_tool", {}));
  await client.close();
  const { headers, body } = await callThatArrived(path);
  expect([headers["traceparent"], headers["tracestate"]]).toEqual([sampled, "vendor=1"]);
  expect(body).not.toContain("traceparent");
});
