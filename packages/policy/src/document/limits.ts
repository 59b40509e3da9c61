/** Limits and sizes of a policy document: how often, how many at once, how large. */
import { parseDuration, parseRate, parseTime, type Rate } from "@outrigger/api/values";
import {
  readArray,
  readCount,
  readFields,
  readGlobs,
  readName,
  readNamed,
  readSize,
  readText,
  readWord,
  readWords,
  type Fields,
  type Report,
} from "./read.ts";

/** Which caller or tool a limit counts apart; none means one bucket for the server. */
export type LimitScope = "Caller" | "Tool";

/**
 * One limit. At most `burst` calls at once, refilled at `rate`; at most `maxConcurrency` under way, and then `queue` that wait for
 * `queueTimeoutMs` at most.
 */
export interface Limit {
  readonly name: string;
  readonly tools: readonly string[];
  readonly methods: readonly string[];
  readonly per: readonly LimitScope[];
  readonly rate?: Rate;
  readonly burst?: number;
  readonly maxConcurrency?: number;
  readonly queue?: number;
  readonly queueTimeoutMs?: number;
}

/** Sizes in bytes, times in ms, and what becomes of an answer to a tool call that is larger. */
export interface Sizes {
  readonly maxRequestBytes?: number;
  readonly maxResponseBytes?: number;
  readonly onOversize?: "Reject" | "Truncate";
  /** Of arguments: levels of objects and lists, and entries of one of them. */
  readonly maxDepth?: number;
  readonly maxEntries?: number;
  /** Of a whole tool call, from its arrival to the end of its answer. */
  readonly maxDurationMs?: number;
  /** Narrower bounds of some tools. */
  readonly perTool: readonly ToolSizes[];
}

/** Bounds of the tools that its globs match. */
export interface ToolSizes extends Omit<Sizes, "onOversize" | "perTool"> {
  readonly tools: readonly string[];
}

const limitKeys = ["name", "tools", "methods", "per", "rate", "burst", "maxConcurrency", "queue", "queueTimeout"];

/** Reads `limits`. */
export function readLimits(value: unknown, report: Report): Limit[] {
  return readNamed(value, report, { most: 32, read: readLimit });
}

function readLimit(value: unknown, report: Report): Limit {
  const fields = readFields(value, limitKeys, report);
  const amounts = readAmounts(fields, report);
  if (amounts.rate === undefined && amounts.maxConcurrency === undefined) report('"rate", "maxConcurrency" or both');
  if (amounts.burst !== undefined && amounts.rate === undefined) report.in("burst")('a "rate" beside it');
  const queue = readQueue(fields, report);
  if (queue.queue !== undefined && amounts.maxConcurrency === undefined)
    report.in("queue")('"maxConcurrency" beside it: who waits, waits for a call to end');
  return {
    name: readName(fields["name"], report.in("name"), "so that a refused call can say which limit it met"),
    tools: readGlobs(fields["tools"] ?? ["*"], report.in("tools")),
    methods: readGlobs(fields["methods"] ?? ["tools/call"], report.in("methods")),
    per: readWords(fields["per"], ["Caller", "Tool"], report.in("per")),
    ...amounts,
    ...queue,
  };
}

const maxQueueTimeoutMs = 600_000;

function readQueue(fields: Fields, report: Report): Pick<Limit, "queue" | "queueTimeoutMs"> {
  const queue = readCount(fields["queue"], report.in("queue"));
  const queueTimeoutMs = readText(fields["queueTimeout"], parseDuration, report.in("queueTimeout"));
  if (queueTimeoutMs !== undefined && (queueTimeoutMs === 0 || queueTimeoutMs > maxQueueTimeoutMs))
    report.in("queueTimeout")('a duration of at most "10m"');
  if (queueTimeoutMs !== undefined && queue === undefined) report.in("queueTimeout")('a "queue" beside it');
  return {
    ...(queue === undefined ? {} : { queue }),
    ...(queueTimeoutMs === undefined ? {} : { queueTimeoutMs }),
  };
}

function readAmounts(fields: Fields, report: Report): Pick<Limit, "rate" | "burst" | "maxConcurrency"> {
  const rate = readText(fields["rate"], parseRate, report.in("rate"));
  const burst = readCount(fields["burst"], report.in("burst"));
  const maxConcurrency = readCount(fields["maxConcurrency"], report.in("maxConcurrency"));
  return {
    ...(rate === undefined ? {} : { rate }),
    ...(burst === undefined ? {} : { burst }),
    ...(maxConcurrency === undefined ? {} : { maxConcurrency }),
  };
}

const boundKeys = ["maxRequestBytes", "maxResponseBytes", "maxDepth", "maxEntries", "maxDuration"] as const;

/** Reads `sizes`. */
export function readSizes(value: unknown, report: Report): Sizes {
  const fields = readFields(value, [...boundKeys, "onOversize", "perTool"], report);
  const onOversize = readWord(fields["onOversize"], ["Reject", "Truncate"], report.in("onOversize"));
  return {
    ...readBounds(fields, report),
    ...(onOversize === undefined ? {} : { onOversize }),
    perTool: readArray(fields["perTool"], report.in("perTool"), 64).map((item, index) =>
      readToolSizes(item, report.in("perTool").in(index)),
    ),
  };
}

function readToolSizes(value: unknown, report: Report): ToolSizes {
  const fields = readFields(value, ["tools", ...boundKeys], report);
  const tools = readGlobs(fields["tools"], report.in("tools"));
  const bounds = readBounds(fields, report);
  if (tools.length === 0) report.in("tools")("the tools that it is about");
  if (Object.keys(bounds).length === 0) report(`one of ${boundKeys.join(", ")}`);
  return { tools, ...bounds };
}

function readBounds(fields: Fields, report: Report): Omit<ToolSizes, "tools"> {
  const maxRequestBytes = readSize(fields["maxRequestBytes"], report.in("maxRequestBytes"));
  const maxResponseBytes = readSize(fields["maxResponseBytes"], report.in("maxResponseBytes"));
  const maxDepth = readCount(fields["maxDepth"], report.in("maxDepth"));
  const maxEntries = readCount(fields["maxEntries"], report.in("maxEntries"));
  const maxDurationMs = readText(fields["maxDuration"], parseTime, report.in("maxDuration"));
  return {
    ...(maxRequestBytes === undefined ? {} : { maxRequestBytes }),
    ...(maxResponseBytes === undefined ? {} : { maxResponseBytes }),
    ...(maxDepth === undefined ? {} : { maxDepth }),
    ...(maxEntries === undefined ? {} : { maxEntries }),
    ...(maxDurationMs === undefined ? {} : { maxDurationMs }),
  };
}
