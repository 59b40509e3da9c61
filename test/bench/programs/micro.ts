/**
 * Times single steps of a call in one process, in turn: the scanner against JSON.parse, the decision with its record, the text of metrics
 * against prom-client's. Prints one line of JSON: nanoseconds per operation by step and round, and the CPU of this process.
 */
import { createMetrics } from "@outrigger/runtime/metrics";
import { scanMessage } from "@outrigger/mcp";
import { compilePolicy, createLimitState, parsePolicyDocument } from "@outrigger/policy";
import { decide } from "../../../sidecar/src/call/decide.ts";
import { createRecorder, type CallRecord } from "../../../sidecar/src/call/record.ts";
import { fullPolicy } from "../sidecar/lineup.ts";
import { timeSteps, type NamedStep } from "../stats/time-steps.ts";

const [rounds = 5, millisecondsPerRound = 200] = process.argv.slice(2).map(Number);

const kilobyte = 1_024;
const body = (text: string): Buffer =>
  Buffer.from(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"tool_1","arguments":${text}}}`);
const oneString = (bytes: number): Buffer => body(`{"text":"${"y".repeat(bytes)}"}`);
const manyValues = (bytes: number): Buffer => {
  const item = '{"key":"value","n":12345,"ok":true},';
  return body(`{"items":[${item.repeat(Math.floor(bytes / item.length)).slice(0, -1)}]}`);
};

const bodies = {
  "300B": oneString(190),
  "10KB one string": oneString(10 * kilobyte),
  "10KB many values": manyValues(10 * kilobyte),
  "1MB one string": oneString(kilobyte ** 2),
  "1MB many values": manyValues(kilobyte ** 2),
};

/** What was made, so that nothing can be left out as unused. */
let kept: unknown;

function stepsOfBodies(): [string, () => void][] {
  return Object.entries(bodies).flatMap(([name, bytes]): [string, () => void][] => [
    [
      `scan ${name}`,
      () => {
        kept = scanMessage(bytes);
      },
    ],
    [
      `parse ${name}`,
      () => {
        kept = JSON.parse(bytes.toString());
      },
    ],
  ]);
}

function createDecision(): () => void {
  const document = parsePolicyDocument(fullPolicy);
  const scan = scanMessage(bodies["300B"]);
  if (!document.ok || scan.kind !== "message") throw new Error("the benchmark's own policy or body can't be read");
  const policy = compilePolicy([document.document]);
  const limits = createLimitState();
  const recorder = createRecorder({ isKnownTool: () => true });
  const item = { bytes: bodies["300B"], message: scan.message };
  const call = recordOf("tool_1");
  return () => {
    const { caller } = call;
    kept = decide(item, "legacy", { policy, limits, server: "bench", caller, nowMs: performance.now() });
    recorder.record(call);
  };
}

function recordOf(name: string): CallRecord {
  return {
    method: "tools/call",
    name,
    isTool: true,
    decision: "allow",
    reason: "Allowed",
    caller: "address:127.0.0.1",
    durationMs: 1.2,
    requestBytes: 300,
    responseBytes: 300,
    httpStatus: 200,
  };
}

const scrapedTools = 200;

/** Our own text of so many tools, each with a counter and a histogram, and prom-client's of the same. */
function createScrapes(): { readonly ours: () => void; readonly theirs: () => Promise<void> } {
  const recorder = createRecorder({ isKnownTool: () => true });
  const metrics = createMetrics({ component: "bench", version: "0" });
  const counts = metrics.counter(
    "requests_total",
    "Requests.",
    Array.from({ length: scrapedTools }, (_, at) => ({ method: "tools/call", tool: `tool_${at}`, result: "allowed" })),
  );
  const durations = metrics.histogram("request_duration_seconds", "Time.", {
    buckets: [0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120],
    labelNames: ["method", "tool", "result"],
  });
  for (let at = 0; at < scrapedTools; at++) {
    const name = `tool_${at}`;
    recorder.record(recordOf(name));
    const labels = { method: "tools/call", tool: name, result: "allowed" };
    counts.add(labels);
    durations.observe(0.0012, labels);
  }
  return {
    ours: () => {
      kept = recorder.expose();
    },
    theirs: async () => {
      kept = await metrics.expose();
    },
  };
}

const scrapes = createScrapes();
const steps: readonly NamedStep[] = [
  ...stepsOfBodies(),
  ["decide and record", createDecision()],
  ["scrape of 200 tools", scrapes.ours],
  ["prom-client of 200 tools", scrapes.theirs],
];

const told = await timeSteps(steps, { rounds, millisecondsPerRound });
console.log(kept === undefined ? "" : told);
