/** Traces of the real sidecar, received over OTLP: what they say, whom they follow, and that their export disturbs nothing. */
import { describe, expect, it, onTestFinished } from "vitest";
import { startOtlpReceiver, type OtlpReceiver, type ReceivedSpan } from "../fixtures/otlp-receiver.ts";
import { waitFor } from "../fixtures/wait-for.ts";
import { callOf, startBed, type TelemetryBed } from "./telemetry-bed.ts";

const [callersTrace, otherTrace] = ["4bf92f3577b34da6a3ce929d0e0e4736", "0af7651916cd43dd8448eb211c80319c"] as const;
const [callersSpan, otherSpan] = ["00f067aa0ba902b7", "b7ad6b7169203331"] as const;
const sampled = `00-${callersTrace}-${callersSpan}-01`;
const other = `00-${otherTrace}-${otherSpan}-01`;

interface Traced extends TelemetryBed {
  readonly receiver: OtlpReceiver;
  /** The spans once there are so many, servers' before clients'. */
  readonly spans: (count: number) => Promise<readonly ReceivedSpan[]>;
}

async function startTraced(env: Readonly<Record<string, string>> = {}, flags: readonly string[] = []): Promise<Traced> {
  const receiver = await startOtlpReceiver();
  onTestFinished(() => receiver.close());
  const bed = await startBed(["--server", "git", "--audit-to", "/dev/null", ...flags], {
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint,
    OTEL_BSP_SCHEDULE_DELAY: "50",
    ...env,
  });
  await waitFor("the catalogue", async () => (await metricsOf(bed)).includes('sidecar_health{state="Ready"} 1'));
  return {
    ...bed,
    receiver,
    spans: (count) =>
      waitFor(`${count} spans`, () => {
        const spans = receiver.spans();
        return spans.length >= count && spans.toSorted((a, b) => a.kind - b.kind);
      }),
  };
}

const metricsOf = async (bed: TelemetryBed): Promise<string> => (await fetch(`${bed.adminUrl}/metrics`)).text();

describe("a traced call", () => {
  it("gives a span as server and one as client, by the MCP semantic conventions", async () => {
    const bed = await startTraced();
    await bed.post(callOf("good", {}, "call-7"), { "mcp-session-id": "se-1", "mcp-protocol-version": "2025-06-18" });
    const [server, client] = await bed.spans(2);
    expect(server).toMatchObject({ name: "tools/call good", kind: 2, parentSpanId: "", status: 0, links: [] });
    expect(client).toMatchObject({ name: "tools/call good", kind: 3, parentSpanId: server?.spanId, status: 0 });
    expect(server?.attributes).toEqual({
      "mcp.method.name": "tools/call",
      "gen_ai.operation.name": "execute_tool",
      "gen_ai.tool.name": "good",
      "jsonrpc.request.id": "call-7",
      "mcp.session.id": "se-1",
      "mcp.protocol.version": "2025-06-18",
      "network.protocol.name": "http",
      "network.transport": "tcp",
    });
    expect(server?.resource).toMatchObject({ "service.name": "outrigger-sidecar", "outrigger.server": "git" });
    expect(Number(server!.endNs - server!.startNs)).toBeGreaterThan(0);
    expect(client!.startNs).toBeGreaterThanOrEqual(server!.startNs);
    expect(Math.abs(Number(server!.startNs / 1_000_000n) - Date.now())).toBeLessThan(60_000);
    expect(JSON.stringify([server?.attributes, client?.attributes])).not.toContain("s3cret");
  });

  it("goes on with the caller's trace, and hands its own span on in the header alone", async () => {
    const bed = await startTraced();
    const message = callOf("good", { _meta: { "io.example/x": 1 } });
    await bed.post(message, { traceparent: sampled, tracestate: "vendor=1" });
    const [server, client] = await bed.spans(2);
    expect(server).toMatchObject({ traceId: callersTrace, parentSpanId: callersSpan, traceState: "vendor=1" });
    const arrived = bed.arrived.find(({ body }) => body.includes("tools/call"));
    expect(arrived?.headers["traceparent"]).toBe(`00-${callersTrace}-${client!.spanId}-01`);
    expect(arrived?.headers["tracestate"]).toBe("vendor=1");
    expect(arrived?.body).toBe(JSON.stringify({ jsonrpc: "2.0", ...message }));
  });

  it("follows the message before the header, which is linked, and leaves the message's bytes alone", async () => {
    const bed = await startTraced();
    const message = callOf("good", { _meta: { traceparent: sampled } });
    await bed.post(message, { traceparent: other });
    const [server] = await bed.spans(2);
    expect(server).toMatchObject({
      traceId: callersTrace,
      parentSpanId: callersSpan,
      links: [{ traceId: otherTrace, spanId: otherSpan }],
    });
    const arrived = bed.arrived.find(({ body }) => body.includes("tools/call"));
    expect(arrived?.body).toBe(JSON.stringify({ jsonrpc: "2.0", ...message }));
  });

  it("says how it failed: at the tool, at the server, or by policy, without words of the answer", async () => {
    const bed = await startTraced({}, ["--quick-policy", '{"denyTools":["hidden"]}']);
    await bed.post(callOf("failing"));
    await bed.post(callOf("broken"));
    await bed.post(callOf("hidden"));
    const spans = (await bed.spans(5)).filter(({ kind }) => kind === 2);
    const byTool = new Map(spans.map((span) => [span.attributes["gen_ai.tool.name"], span]));
    expect(byTool.get("failing")).toMatchObject({ status: 2, attributes: { "error.type": "tool_error" } });
    expect(byTool.get("broken")).toMatchObject({
      status: 2,
      attributes: { "error.type": "-32603", "rpc.response.status_code": "-32603" },
    });
    expect(byTool.get("hidden")).toMatchObject({
      name: "tools/call",
      status: 2,
      attributes: { "error.type": "-32602", "outrigger.reason": "ToolDenied" },
    });
    expect(JSON.stringify(spans.map(({ attributes }) => attributes))).not.toContain("s3cret");
  });

  it("is not sampled where the caller's is not, and the flag is handed on", async () => {
    const bed = await startTraced();
    await bed.post(callOf("good"), { traceparent: sampled.replace(/01$/, "00") });
    await bed.post(callOf("failing"), { traceparent: other });
    const spans = await bed.spans(2);
    expect(spans.map(({ traceId }) => traceId)).toEqual([otherTrace, otherTrace]);
    const [first] = bed.arrived.filter(({ body }) => body.includes("tools/call"));
    expect(first?.headers["traceparent"]).toMatch(new RegExp(`^00-${callersTrace}-[0-9a-f]{16}-00$`));
  });

  it("is sampled, named and sent as the standard variables say", async () => {
    const bed = await startTraced({
      OTEL_TRACES_SAMPLER: "always_off",
      OTEL_SERVICE_NAME: "mine",
    });
    await bed.post(callOf("good"), { traceparent: sampled });
    const named = await startTraced({
      OTEL_SERVICE_NAME: "mine",
      OTEL_RESOURCE_ATTRIBUTES: "deployment.environment=test",
      OTEL_EXPORTER_OTLP_HEADERS: "x-key=abc",
      OTEL_EXPORTER_OTLP_COMPRESSION: "gzip",
    });
    await named.post(callOf("good"));
    const [span] = await named.spans(2);
    expect(span?.resource).toMatchObject({ "service.name": "mine", "deployment.environment": "test" });
    expect(named.receiver.headers()[0]).toMatchObject({ "x-key": "abc", "content-encoding": "gzip" });
    await bed.program.stop();
    expect(bed.receiver.spans()).toEqual([]);
  });
});

describe("the export of traces", () => {
  it("is finished at the end of the process", async () => {
    const bed = await startTraced({ OTEL_BSP_SCHEDULE_DELAY: "600000" });
    await bed.post(callOf("good"));
    expect(bed.receiver.spans()).toEqual([]);
    expect(await bed.program.stop()).toBe(0);
    expect(bed.receiver.spans()).toHaveLength(2);
  });

  it.each(["fail", "hang"] as const)("does not disturb calls when the receiver %ss, and is bounded", async (how) => {
    const bed = await startTraced({ OTEL_BSP_MAX_QUEUE_SIZE: "4", OTEL_EXPORTER_OTLP_TIMEOUT: "200" });
    bed.receiver.behave(how);
    for (let id = 0; id < 20; id++) expect(await bed.post(callOf("good", {}, id))).toContain(`"id":${id}`);
    await waitFor("a failure that is told", async () => {
      const ready = await fetch(`${bed.adminUrl}/readyz?verbose`);
      const { checks } = (await ready.json()) as { checks: { name: string; ok: boolean }[] };
      return ready.status === 200 && checks.some(({ name, ok }) => name === "traces" && !ok);
    });
    expect(await metricsOf(bed)).toContain('outrigger_sidecar_spans_total{state="ended"} 40');
    expect(await bed.program.stop()).toBe(0);
  });

  it("costs nothing where it is off: nothing of the SDK is loaded, and headers pass as they came", async () => {
    // Tells on the error output what is loaded.
    const hook = `import { registerHooks } from "node:module";
      registerHooks({ load: (url, context, next) => {
        if (url.includes("@opentelemetry")) process._rawDebug(url);
        return next(url, context);
      } });`;
    const env = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(hook)}` };
    const loads = ({ program }: TelemetryBed): boolean => program.stderr().includes("opentelemetry");
    const tracing = await startBed(["--audit", "off"], { ...env, OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:9" });
    expect(loads(tracing)).toBe(true);
    const bed = await startBed(["--audit", "off"], env);
    expect(loads(bed)).toBe(false);
    await bed.post(callOf("good"), { traceparent: sampled });
    const arrived = await waitFor("the call", () => bed.arrived.find(({ body }) => body.includes("tools/call")));
    expect(arrived.headers["traceparent"]).toBe(sampled);
    expect(await metricsOf(bed)).not.toContain("sidecar_spans_total");
  });
});
