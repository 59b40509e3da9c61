/**
 * The policy document as people write it, and its strict reader. A document is one layer: layers only narrow each other.
 * Field names are those of the ToolPolicy kind, so that a file moves into a cluster unchanged.
 */
import type { FileProblem } from "@outrigger/api/server-file";
import { parseGlob, parseRate, parseSize, type Parsed, type Rate } from "@outrigger/api/values";

/** Which names are let through: deny wins; an absent allow list means all. */
export interface NameLists {
  readonly allow?: readonly string[];
  readonly deny: readonly string[];
}

/** Which caller or tool a limit counts apart; none means one bucket for the server. */
export type LimitScope = "Caller" | "Tool";

/** One limit. At most `burst` calls at once, refilled at `rate`; at most `maxConcurrency` under way. */
export interface Limit {
  readonly name: string;
  readonly tools: readonly string[];
  readonly methods: readonly string[];
  readonly per: readonly LimitScope[];
  readonly rate?: Rate;
  readonly burst?: number;
  readonly maxConcurrency?: number;
}

/** One layer of policy. Sizes in bytes. */
export interface PolicyDocument {
  readonly defaultAction: "Allow" | "Deny";
  readonly tools: NameLists;
  readonly prompts: NameLists;
  readonly resources: NameLists;
  readonly limits: readonly Limit[];
  readonly sizes: { readonly maxRequestBytes?: number; readonly maxResponseBytes?: number };
}

/** The layer that consents to everything. */
export const openDocument: PolicyDocument = {
  defaultAction: "Allow",
  tools: { deny: [] },
  prompts: { deny: [] },
  resources: { deny: [] },
  limits: [],
  sizes: {},
};

type Fields = Readonly<Record<string, unknown>>;
type Path = readonly (string | number)[];

/** Collects problems; `in` opens a level below. */
interface Report {
  (expected: string): void;
  readonly in: (key: string | number) => Report;
}

function createReport(path: Path, problems: FileProblem[]): Report {
  const report = (expected: string): void => void problems.push({ path, expected });
  return Object.assign(report, { in: (key: string | number) => createReport([...path, key], problems) });
}

/** Result of reading a document: the layer, or every problem with its path. */
export type ReadDocument =
  | { readonly ok: true; readonly document: PolicyDocument }
  | { readonly ok: false; readonly problems: readonly FileProblem[] };

/** Reads one policy document from a parsed value. Unknown keys are refused: a typo must not look like a control. */
export function parsePolicyDocument(value: unknown): ReadDocument {
  const problems: FileProblem[] = [];
  const report = createReport([], problems);
  const fields = readFields(value, ["defaultAction", "tools", "prompts", "resources", "limits", "sizes"], report);
  const document: PolicyDocument = {
    defaultAction: readWord(fields["defaultAction"], ["Allow", "Deny"], report.in("defaultAction")) ?? "Allow",
    tools: readLists(fields["tools"], report.in("tools")),
    prompts: readLists(fields["prompts"], report.in("prompts")),
    resources: readLists(fields["resources"], report.in("resources")),
    limits: readArray(fields["limits"], report.in("limits")).map((item, index) =>
      readLimit(item, report.in("limits").in(index)),
    ),
    sizes: readSizes(fields["sizes"], report.in("sizes")),
  };
  refuseRepeatedNames(document.limits, report.in("limits"));
  return problems.length === 0 ? { ok: true, document } : { ok: false, problems };
}

function refuseRepeatedNames(limits: readonly Limit[], report: Report): void {
  const seen = new Set<string>();
  for (const [index, limit] of limits.entries()) {
    if (seen.has(limit.name)) report.in(index).in("name")(`a name of its own; "${limit.name}" stands above already`);
    seen.add(limit.name);
  }
}

const limitKeys = ["name", "tools", "methods", "per", "rate", "burst", "maxConcurrency"];

function readLimit(value: unknown, report: Report): Limit {
  const fields = readFields(value, limitKeys, report);
  const name = fields["name"];
  if (typeof name !== "string" || name === "") {
    report.in("name")("a name, so that a refused call can say which limit it met");
  }
  const amounts = readAmounts(fields, report);
  if (amounts.rate === undefined && amounts.maxConcurrency === undefined) report('"rate", "maxConcurrency" or both');
  if (amounts.burst !== undefined && amounts.rate === undefined) report.in("burst")('a "rate" beside it');
  return {
    name: typeof name === "string" ? name : "",
    tools: readGlobs(fields["tools"] ?? ["*"], report.in("tools")),
    methods: readGlobs(fields["methods"] ?? ["tools/call"], report.in("methods")),
    per: readScopes(fields["per"], report.in("per")),
    ...amounts,
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

function readScopes(value: unknown, report: Report): LimitScope[] {
  return readArray(value, report)
    .map((item, index) => readWord(item, ["Caller", "Tool"], report.in(index)))
    .filter((scope) => scope !== undefined);
}

function readSizes(value: unknown, report: Report): PolicyDocument["sizes"] {
  const fields = readFields(value, ["maxRequestBytes", "maxResponseBytes"], report);
  const maxRequestBytes = readSize(fields["maxRequestBytes"], report.in("maxRequestBytes"));
  const maxResponseBytes = readSize(fields["maxResponseBytes"], report.in("maxResponseBytes"));
  return {
    ...(maxRequestBytes === undefined ? {} : { maxRequestBytes }),
    ...(maxResponseBytes === undefined ? {} : { maxResponseBytes }),
  };
}

function readSize(value: unknown, report: Report): number | undefined {
  return readText(typeof value === "number" ? String(value) : value, parseSize, report);
}

function readLists(value: unknown, report: Report): NameLists {
  const fields = readFields(value, ["allow", "deny"], report);
  const deny = readGlobs(fields["deny"], report.in("deny"));
  return fields["allow"] === undefined ? { deny } : { allow: readGlobs(fields["allow"], report.in("allow")), deny };
}

function readGlobs(value: unknown, report: Report): string[] {
  const items = readArray(value, report);
  if (items.length > 256) report("at most 256 entries");
  return items.map((item, index) => readText(item, parseGlob, report.in(index)) ?? "").filter((glob) => glob !== "");
}

function readFields(value: unknown, known: readonly string[], report: Report): Fields {
  if (value === undefined) return {};
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    report(`an object with ${known.join(", ")}`);
    return {};
  }
  for (const key of Object.keys(value)) {
    if (!known.includes(key)) report.in(key)(`no such key; known are ${known.join(", ")}`);
  }
  // An object that is no array has string keys.
  return value as Fields;
}

function readArray(value: unknown, report: Report): unknown[] {
  if (value === undefined) return [];
  if (Array.isArray(value)) return value;
  report("a list");
  return [];
}

function readText<T>(value: unknown, parse: (text: string) => Parsed<T>, report: Report): T | undefined {
  if (value === undefined) return undefined;
  const parsed = parse(typeof value === "string" ? value : "");
  if (parsed.ok) return parsed.value;
  report(parsed.expected);
  return undefined;
}

function readCount(value: unknown, report: Report): number | undefined {
  if (value === undefined) return undefined;
  if (typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= 1_000_000) return value;
  report("a whole number from 1 to 1000000");
  return undefined;
}

function readWord<const W extends string>(value: unknown, allowed: readonly W[], report: Report): W | undefined {
  if (value === undefined) return undefined;
  const word = allowed.find((candidate) => candidate === value);
  if (word === undefined) report(allowed.map((each) => JSON.stringify(each)).join(" or "));
  return word;
}
