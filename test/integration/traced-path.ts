/** The whole path of a call for the tests of what it tells: real aggregator, real sidecar, a server that keeps what it is asked. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { startAggregatorProgram, type RunningAggregator } from "../fixtures/aggregator.ts";
import { startOtlpReceiver, type ReceivedSpan } from "../fixtures/otlp-receiver.ts";
import { makeTestFolder } from "../fixtures/temporary-folder.ts";
import { waitFor } from "../fixtures/wait-for.ts";
import { auditLinesOf, startBed, type TelemetryBed } from "./telemetry-bed.ts";

type Line = Readonly<Record<string, unknown>>;

/** Both programs with their audit files. The server is known by two names: `git` of group `code`, `files` of group `data`. */
export interface CallPath {
  readonly aggregator: RunningAggregator;
  readonly bed: TelemetryBed;
  readonly files: { readonly aggregator: string; readonly sidecar: string };
  readonly linesOf: (program: "aggregator" | "sidecar") => readonly Line[];
  /** The lines of the aggregator that are no event of its chain, once there are so many. */
  readonly decisions: (count: number) => Promise<readonly Line[]>;
}

/** What a test sets beside the defaults. */
export interface PathSetup {
  readonly sidecarFlags?: readonly string[];
  readonly aggregatorFlags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** A stdio server in place of the one that keeps what it is asked. */
  readonly command?: readonly string[];
}

/** Starts the path; it ends with the test. */
export async function startPath({
  sidecarFlags = [],
  aggregatorFlags = [],
  env = {},
  command = [],
}: PathSetup = {}): Promise<CallPath> {
  const folder = makeTestFolder("path");
  const files = { aggregator: join(folder, "aggregator.jsonl"), sidecar: join(folder, "sidecar.jsonl") };
  const bed = await startBed(["--server", "git", "--audit-to", files.sidecar, ...sidecarFlags], env, command);
  const entryOf = (group: string): object => ({ url: bed.dataUrl, outrigger: { control: bed.controlUrl, group } });
  const servers = { git: entryOf("code"), files: entryOf("data") };
  const flags = ["--audit-to", files.aggregator, ...aggregatorFlags];
  const aggregator = await startAggregatorProgram(servers, flags, { env });
  onTestFinished(() => aggregator.close());
  await aggregator.ready();
  const linesOf = (program: "aggregator" | "sidecar"): readonly Line[] =>
    auditLinesOf(readFileSync(files[program], "utf8").split("\n"));
  return {
    aggregator,
    bed,
    files,
    linesOf,
    decisions: (count) =>
      waitFor(`${count} lines of the aggregator`, () => {
        const lines = linesOf("aggregator").filter(({ event }) => event === undefined);
        return lines.length >= count && lines;
      }),
  };
}

/** A path whose programs export traces. `trace` gives the spans of a trace in the order of the call, once there are so many. */
export interface TracedPath extends CallPath {
  readonly trace: (traceId: string, count: number) => Promise<readonly ReceivedSpan[]>;
}

/** Starts it with its receiver. */
export async function startTracedPath(setup: PathSetup = {}): Promise<TracedPath> {
  const receiver = await startOtlpReceiver();
  onTestFinished(() => receiver.close());
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint, OTEL_BSP_SCHEDULE_DELAY: "50", ...setup.env };
  const path = await startPath({ ...setup, env });
  return {
    ...path,
    trace: (traceId, count) =>
      waitFor(`${count} spans`, () => {
        const spans = receiver.spans().filter((span) => span.traceId === traceId);
        return spans.length >= count && orderByParent(spans);
      }),
  };
}

/** Each behind its parent. */
function orderByParent(spans: readonly ReceivedSpan[]): readonly ReceivedSpan[] {
  const ids = new Set(spans.map(({ spanId }) => spanId));
  const ordered = spans.filter(({ parentSpanId }) => !ids.has(parentSpanId));
  for (const parent of ordered) ordered.push(...spans.filter(({ parentSpanId }) => parentSpanId === parent.spanId));
  return ordered;
}
