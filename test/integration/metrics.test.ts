/** What programs serve at /metrics against the table that the reference page is made from: nothing more, nothing less. */
import { generateKeyPairSync } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { podInfo } from "@outrigger/api/bundle";
import { metrics as table, type MetricDefinition, type MetricProgram } from "@outrigger/api/metrics";
import { createMetrics, type Metrics } from "@outrigger/runtime/metrics";
import { describe, expect, it, onTestFinished } from "vitest";
import { createAggregatorMetrics } from "../../aggregator/src/metrics.ts";
import { createOperatorMetrics } from "../../operator/src/metrics.ts";
import { createWebhookMetrics } from "../../webhook/src/server/metrics.ts";
import { startAggregatorProgram } from "../fixtures/aggregator.ts";
import { connectModern } from "../fixtures/mcp-clients.ts";
import { startOtlpReceiver } from "../fixtures/otlp-receiver.ts";
import { makeTestFolder } from "../fixtures/temporary-folder.ts";
import { waitFor } from "../fixtures/wait-for.ts";
import { callOf, startBed, type TelemetryBed } from "./telemetry-bed.ts";

type Shown = Omit<MetricDefinition, "labels">;

/** The metrics of a text exposition, and the label names of each sample. */
function readText(text: string): { readonly shown: readonly Shown[]; readonly labels: ReadonlyMap<string, string[]> } {
  const meanings = new Map<string, string>();
  const shown: Shown[] = [];
  const labels = new Map<string, string[]>();
  for (const line of text.split("\n")) {
    const help = /^# HELP (\S+) (.*)$/.exec(line);
    if (help !== null) meanings.set(String(help[1]), String(help[2]));
    const type = /^# TYPE (\S+) (\S+)$/.exec(line);
    // The exposition format has these types.
    if (type !== null) shown.push(describeMetric(String(type[1]), type[2] as Shown["type"], meanings));
    const sample = /^([a-z_]+)\{(.*)\} \S+$/.exec(line);
    if (sample !== null)
      labels.set(String(sample[1]).replace(/_(bucket|sum|count)$/, ""), readLabels(String(sample[2])));
  }
  return { shown, labels };
}

function describeMetric(name: string, type: Shown["type"], meanings: ReadonlyMap<string, string>): Shown {
  return { name, type, meaning: meanings.get(name) ?? "" };
}

/** Names of labels; `le` belongs to the format. */
const readLabels = (text: string): string[] =>
  [...text.matchAll(/([a-z_]+)="/g)].map(([, label]) => String(label)).filter((label) => label !== "le");

const byName = (a: { name: string }, b: { name: string }): number => (a.name < b.name ? -1 : 1);
const defined = (program: MetricProgram): readonly Shown[] =>
  table[program].map(({ name, type, meaning }) => ({ name, type, meaning })).toSorted(byName);

function expectLabels(program: MetricProgram, labels: ReadonlyMap<string, string[]>): void {
  for (const { name, labels: known } of table[program]) {
    const found = labels.get(name);
    if (found !== undefined) expect({ name, labels: found }).toEqual({ name, labels: known });
  }
}

describe("the table of metrics", () => {
  const register: Readonly<Record<Exclude<MetricProgram, "sidecar">, (metrics: Metrics) => unknown>> = {
    aggregator: createAggregatorMetrics,
    operator: createOperatorMetrics,
    webhook: createWebhookMetrics,
  };

  it.each(["aggregator", "operator", "webhook"] as const)("has all of the %s, and no other", async (program) => {
    const metrics = createMetrics({ component: program, version: "1" });
    register[program](metrics);
    const { shown, labels } = readText(await metrics.expose());
    expect(shown.toSorted(byName)).toEqual(defined(program));
    expectLabels(program, labels);
  });

  it("has all of the sidecar, with everything on, in front of a server that listens and of one that is run, and no other", async () => {
    const receiver = await startOtlpReceiver();
    onTestFinished(() => receiver.close());
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint };
    const beds = await Promise.all([
      startBed(["--shared-store", "redis://127.0.0.1:9", "--namespace", "tools"], env),
      startBed([], env, [process.execPath, "-e", ""]),
      startBed(trustSomebody()),
      startBed(["--upstream-auth", writeCredentials()]),
    ]);
    await beds[0].post(callOf("good"));
    const texts = await Promise.all(beds.map(async ({ adminUrl }) => (await fetch(`${adminUrl}/metrics`)).text()));
    const read = readText(texts.join(""));
    const shown = new Map(read.shown.map((each) => [each.name, each]));
    expect([...shown.values()].toSorted(byName)).toEqual(defined("sidecar"));
    expectLabels("sidecar", read.labels);
  });
});

/** The flags of a sidecar that takes its policy signed; none has come. */
function trustSomebody(): readonly string[] {
  const { kty, crv, x } = generateKeyPairSync("ed25519").publicKey.export({ format: "jwk" });
  const folder = makeTestFolder("metrics");
  writeFileSync(join(folder, podInfo.bundleFile), "");
  const keys = JSON.stringify({ keys: [{ kty, crv, x, kid: "somebody" }] });
  return ["--namespace", "tools", "--trust-keys", keys, "--pod-info", folder];
}

/** A document of credentials for the server. */
function writeCredentials(): string {
  const file = join(makeTestFolder("metrics"), "auth.yaml");
  writeFileSync(file, "kind: Headers\nheaders: { x-tenant: { value: a } }\n");
  return file;
}

/** Has the aggregator search the sidecar's tools once; gives its count of tokens that did not have to be read. */
async function countSavedTokens({ dataUrl, controlUrl }: TelemetryBed): Promise<number> {
  const aggregator = await startAggregatorProgram({ s: { url: dataUrl, outrigger: { control: controlUrl } } });
  onTestFinished(() => aggregator.close());
  await aggregator.ready();
  const client = await connectModern(`${aggregator.url}/mcp`);
  await client.callTool({ name: "find_tool", arguments: { description: "what is good", limit: 1 } });
  await client.close();
  const metrics = await aggregator.metrics();
  return Number(/^outrigger_aggregator_find_tool_tokens_saved_total (\d+)$/m.exec(metrics)?.[1]);
}

describe("the labels of the sidecar's metrics", () => {
  it("F-164 name tools of the catalogue and methods of MCP and nothing that a caller made up; limits, policy age and tokens saved are shown", async () => {
    const bed = await startBed(["--audit", "off", "--quick-policy", '{"rateLimit":"5/h"}']);
    const metrics = async (): Promise<string> => (await fetch(`${bed.adminUrl}/metrics`)).text();
    await waitFor("the catalogue", async () => (await metrics()).includes('sidecar_health{state="Ready"} 1'));
    for (const tool of ["good", "failing", "made-up-1", "made-up-2", "made-up-3", "made-up-4"]) {
      await bed.post(callOf(tool));
    }
    await bed.post({ id: 1, method: "made/up" });
    const text = await metrics();
    expect(text).toContain('requests_total{method="tools/call",tool="good",result="allowed"} 1\n');
    expect(text).toContain('requests_total{method="tools/call",tool="_other",result="allowed"} 3\n');
    expect(text).toContain('refused_total{reason="rate_limited"} 1\n');
    expect(text).toMatch(/^outrigger_sidecar_policy_age_seconds [0-9.e-]+$/m);
    const name = "mcp_server_operation_duration_seconds_bucket";
    expect(text).toContain(`${name}{mcp_method_name="tools/call",gen_ai_tool_name="good",error_type="",le="300"} 1\n`);
    expect(text).not.toContain(`gen_ai_tool_name="good",error_type="",le="0.005"`);
    expect(text).not.toMatch(/made.up/);
    const saved = await countSavedTokens(bed);
    expect(saved).toBeGreaterThan(0);
  });
});
