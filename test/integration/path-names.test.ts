/** What traces, metrics and audit lines call a tool that an endpoint shows under another name, and a call that another replica carries out. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { makeTool, startFakeSidecar } from "../fixtures/fake-sidecar/sidecar.ts";
import { modernRequest, openSession, postRaw } from "../fixtures/mcp-clients.ts";
import { startOtlpReceiver } from "../fixtures/otlp-receiver.ts";
import { startReplicas } from "../fixtures/replicas.ts";
import { makeTestFolder } from "../fixtures/temporary-folder.ts";
import { waitFor } from "../fixtures/wait-for.ts";
import { startTracedPath } from "./traced-path.ts";

const traceOf = (digit: string): string => digit.repeat(32);
const callersSpan = "00f067aa0ba902b7";
const contextOf = (traceId: string): string => `00-${traceId}-${callersSpan}-01`;

it("F-170 F-171 call a tool by its name in the catalogue, whatever an endpoint calls it, and tell of it by one id", async () => {
  const file = join(makeTestFolder("names"), "endpoints.json");
  const tools = [{ tool: "git__good", name: "improve" }];
  writeFileSync(file, JSON.stringify({ endpoints: { desk: { tools, exposure: { mode: "direct" } } } }));
  const path = await startTracedPath({ aggregatorFlags: ["--endpoints", file] });
  const call = async (at: string, name: string, digit: string): Promise<unknown> => {
    const params = { name, arguments: {}, _meta: { traceparent: contextOf(traceOf(digit)) } };
    const [body, headers] = modernRequest("tools/call", params);
    const answer = await postRaw(`${path.aggregator.url}${at}`, body, {
      ...headers,
      "outrigger-request-id": `id-${digit}`,
    });
    return answer.messages.at(-1);
  };
  expect(await call("/mcp/v/desk", "improve", "a")).toHaveProperty("result");
  expect(await call("/mcp/s/local/git", "good", "b")).toHaveProperty("result");
  expect(await call("/mcp/v/desk", "made_up", "c")).toHaveProperty("error");

  for (const digit of ["a", "b"]) {
    const spans = await path.trace(traceOf(digit), 4);
    expect(spans.map(({ name }) => name)).toEqual([
      "tools/call git__good",
      ...Array<string>(3).fill("tools/call good"),
    ]);
    expect(spans[0]?.attributes).toMatchObject({ "gen_ai.tool.name": "git__good", "jsonrpc.request.id": "7" });
  }
  expect((await path.trace(traceOf("c"), 1))[0]?.name).toBe("tools/call");

  // One that a person has named is one of few; all others of the catalogue share a label.
  const counted = async (tool: string): Promise<string | undefined> =>
    new RegExp(
      `operation_duration_seconds_count\\{mcp_method_name="tools/call",gen_ai_tool_name="${tool}",error_type=""\\} (\\d+)`,
    ).exec(await path.aggregator.metrics())?.[1];
  expect([await counted("git__good"), await counted("_other"), await counted("improve")]).toEqual([
    "1",
    "1",
    undefined,
  ]);

  const lines = await waitFor("the sidecar's lines", () => {
    const found = path.linesOf("sidecar").filter(({ method }) => method === "tools/call");
    return found.length >= 2 && found;
  });
  const asked = (await path.decisions(3)).map(({ id, tool, server }) => [id, tool, server]);
  expect(asked).toEqual([
    ["id-a", "improve", "git"],
    ["id-b", "good", "git"],
    ["id-c", "made_up", undefined],
  ]);
  expect(lines.map(({ id, tool }) => [id, tool])).toEqual([
    ["id-a", "good"],
    ["id-b", "good"],
  ]);
});

it("F-170 keep one trace where a request of a session is passed on to the replica that holds it", async () => {
  const receiver = await startOtlpReceiver();
  onTestFinished(() => receiver.close());
  const files = await startFakeSidecar("files", { tools: [makeTool("read_file")] });
  onTestFinished(() => files.close());
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint, OTEL_BSP_SCHEDULE_DELAY: "50" };
  const replicas = await startReplicas({
    count: 2,
    servers: { files: files.entry() },
    flags: ["--mode", "direct"],
    env,
  });
  onTestFinished(() => replicas.close());
  const [holder, other] = replicas.all;
  const session = await openSession(`${holder?.url}/mcp`);
  const message = { jsonrpc: "2.0", id: 2, method: "tools/call", params: { name: "files__read_file", arguments: {} } };
  const traceId = traceOf("d");
  const headers = { ...session, traceparent: contextOf(traceId) };
  const answer = await postRaw(`${other?.url}/mcp`, JSON.stringify(message), headers);
  expect(answer.messages.at(-1)).toMatchObject({ id: 2, result: {} });
  expect(await other?.metric('forwarded_requests_total{result="answered"}')).toBe(1);
  // One span of each side of the call: the replica that passes it on is no part of what was asked.
  const spans = await waitFor("both spans", () => {
    const found = receiver.spans().filter((span) => span.traceId === traceId);
    return found.length >= 2 && found.toSorted((a, b) => a.kind - b.kind);
  });
  expect(spans.map(({ kind, name, parentSpanId }) => [kind, name, parentSpanId])).toEqual([
    [2, "tools/call files__read_file", callersSpan],
    [3, "tools/call read_file", spans[0]?.spanId],
  ]);
  const sent = files.data.received.find(({ method }) => method === "tools/call");
  expect(sent?.headers["traceparent"]).toBe(`00-${traceId}-${spans[1]?.spanId}-01`);
});
