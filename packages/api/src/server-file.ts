/**
 * The `mcpServers` file that Cursor, Claude and others use, read strictly, with an optional `outrigger` block per server.
 * Works on a parsed value and reports every problem with its path; who read the text turns paths into lines.
 */
import { readRoutingBlock, type RoutingWishes } from "./routing.ts";
import { parseDnsLabel, parseServerName } from "./values.ts";

/** The namespace of servers that a file names: nothing else tells them apart. */
export const fileNamespace = "local";

/** One problem: where it is (keys and indexes from the top) and what was expected there. */
export interface FileProblem {
  readonly path: readonly (string | number)[];
  readonly expected: string;
}

/** A server that is started as a process and spoken to over stdin and stdout. */
export interface ProcessEntry {
  readonly form: "process";
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly outrigger: OutriggerBlock;
}

/** A server that listens already. `headers` are sent with every request to it. */
export interface UrlEntry {
  readonly form: "url";
  readonly name: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly outrigger: OutriggerBlock;
}

export type ServerEntry = ProcessEntry | UrlEntry;

/** Our own additions to an entry. `policy` is a policy document, checked by who compiles it. */
export interface OutriggerBlock {
  readonly group?: string;
  readonly policy?: unknown;
  /** Base URL of the control port, where `url` is a sidecar's own address. */
  readonly control?: string;
  /** The document that says with which credentials the server at `url` is spoken to. */
  readonly auth?: string;
  /** How calls are spread over this and the server's other replicas. */
  readonly routing?: RoutingWishes;
  /** What the entry was before a sidecar stood in front of it; shown in the catalogue. */
  readonly origin?: { readonly transport: "streamable-http" | "stdio"; readonly package?: string };
}

type Fields = Readonly<Record<string, unknown>>;
type Path = readonly (string | number)[];

const entryKeys = ["command", "args", "env", "cwd", "url", "headers", "type", "transport", "disabled", "outrigger"];
const blockKeys = ["group", "policy", "control", "origin", "routing", "auth"];

const isObject = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * Reads the whole file. Shape: entries in file order, disabled ones left out.
 * Errors: all problems at once; unknown keys of an entry are refused, unknown keys beside `mcpServers` are left alone,
 * since other programs keep their own settings in the same file.
 */
export function parseServerFile(
  value: unknown,
):
  | { readonly ok: true; readonly entries: readonly ServerEntry[] }
  | { readonly ok: false; readonly problems: readonly FileProblem[] } {
  const problems: FileProblem[] = [];
  const servers = isObject(value) ? value["mcpServers"] : undefined;
  if (!isObject(servers)) {
    return {
      ok: false,
      problems: [{ path: [], expected: 'an object with a member "mcpServers" that maps names to servers' }],
    };
  }
  const entries: ServerEntry[] = [];
  for (const [name, fields] of Object.entries(servers)) {
    const entry = readEntry(name, fields, problems);
    if (entry !== undefined) entries.push(entry);
  }
  return problems.length === 0 ? { ok: true, entries } : { ok: false, problems };
}

function readEntry(name: string, fields: unknown, problems: FileProblem[]): ServerEntry | undefined {
  const path: Path = ["mcpServers", name];
  const report = (at: Path, expected: string): void => void problems.push({ path: [...path, ...at], expected });
  const known = parseServerName(name);
  if (!known.ok) report([], `as name ${known.expected}`);
  if (!isObject(fields)) {
    report([], 'an object with "command" or "url"');
    return undefined;
  }
  refuseUnknown(fields, entryKeys, report);
  const outrigger = readBlock(fields["outrigger"], (at, expected) => report(["outrigger", ...at], expected));
  if (outrigger.auth !== undefined && fields["url"] === undefined)
    report(["outrigger", "auth"], 'nothing: credentials go with "url"');
  const entry = fields["url"] === undefined ? readProcess(name, fields, report) : readUrl(name, fields, report);
  if (fields["disabled"] !== undefined && typeof fields["disabled"] !== "boolean")
    report(["disabled"], "true or false");
  return entry === undefined || fields["disabled"] === true ? undefined : { ...entry, outrigger };
}

type Report = (at: Path, expected: string) => void;

function readProcess(name: string, fields: Fields, report: Report): Omit<ProcessEntry, "outrigger"> | undefined {
  const { command, cwd } = fields;
  if (typeof command !== "string" || command === "") {
    report([], 'either "command" (a program to start) or "url" (a server that listens)');
    return undefined;
  }
  if (fields["headers"] !== undefined) report(["headers"], 'nothing: headers go with "url"');
  refuseTransport(fields, ["stdio"], report);
  return {
    form: "process",
    name,
    command,
    args: readList(fields["args"], (at, expected) => report(["args", ...at], expected)),
    env: readStrings(fields["env"], (at, expected) => report(["env", ...at], expected)),
    ...optionalText(cwd, "cwd", (expected) => report(["cwd"], expected)),
  };
}

function readUrl(name: string, fields: Fields, report: Report): Omit<UrlEntry, "outrigger"> | undefined {
  const { url } = fields;
  for (const key of ["command", "args", "env", "cwd"]) {
    if (fields[key] !== undefined) report([key], 'nothing: it goes with "command", and this entry has "url"');
  }
  if (typeof url !== "string" || !/^https?:\/\/[^\s/]+(\/\S*)?$/.test(url)) {
    report(["url"], 'an address such as "http://127.0.0.1:8080/mcp"');
    return undefined;
  }
  refuseTransport(fields, ["http", "streamable-http", "streamableHttp", "sse"], report);
  return { form: "url", name, url, headers: readStrings(fields["headers"], (at, e) => report(["headers", ...at], e)) };
}

function refuseTransport(fields: Fields, allowed: readonly string[], report: Report): void {
  for (const key of ["type", "transport"]) {
    const value = fields[key];
    const fits = value === undefined || (typeof value === "string" && allowed.includes(value));
    if (!fits) report([key], allowed.map((word) => JSON.stringify(word)).join(" or "));
  }
}

function readBlock(value: unknown, report: Report): OutriggerBlock {
  if (value === undefined) return {};
  if (!isObject(value)) {
    report([], 'an object with "group" and "policy"');
    return {};
  }
  refuseUnknown(value, blockKeys, report);
  const known = readOrigin(value["origin"], report);
  const group = optionalText(value["group"], "group", (expected) => report(["group"], expected));
  const label = group.group === undefined ? undefined : parseDnsLabel(group.group);
  if (label?.ok === false) report(["group"], label.expected);
  return {
    ...group,
    ...(value["policy"] === undefined ? {} : { policy: value["policy"] }),
    ...optionalText(value["control"], "control", (expected) => report(["control"], expected)),
    ...(known === undefined ? {} : { origin: known }),
    ...optionalText(value["auth"], "auth", (expected) => report(["auth"], expected)),
    ...(value["routing"] === undefined
      ? {}
      : { routing: readRoutingBlock(value["routing"], (at, expected) => report(["routing", ...at], expected)) }),
  };
}

function readOrigin(value: unknown, report: Report): OutriggerBlock["origin"] {
  if (value === undefined) return undefined;
  const transport = isObject(value) ? value["transport"] : undefined;
  const named = isObject(value) ? value["package"] : undefined;
  if (transport !== "stdio" && transport !== "streamable-http") {
    report(["origin"], 'an object with "transport": "stdio" or "streamable-http"');
    return undefined;
  }
  return typeof named === "string" ? { transport, package: named } : { transport };
}

function refuseUnknown(fields: Fields, known: readonly string[], report: Report): void {
  for (const key of Object.keys(fields)) {
    if (!known.includes(key)) report([key], `no such key; known are ${known.join(", ")}`);
  }
}

function optionalText<const K extends string>(
  value: unknown,
  key: K,
  report: (expected: string) => void,
): { [P in K]?: string } {
  if (value === undefined) return {};
  if (typeof value !== "string") {
    report("a string");
    return {};
  }
  // A computed key widens to string; it is exactly K here.
  return { [key]: value } as { [P in K]?: string };
}

function readList(value: unknown, report: Report): string[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) {
    report([], "a list of strings");
    return [];
  }
  value.forEach((item: unknown, index) => {
    if (typeof item !== "string") report([index], "a string");
  });
  return value.filter((item) => typeof item === "string");
}

function readStrings(value: unknown, report: Report): Record<string, string> {
  if (value === undefined) return {};
  if (!isObject(value)) {
    report([], "an object of strings");
    return {};
  }
  const strings: Record<string, string> = {};
  for (const [key, item] of Object.entries(value)) {
    if (typeof item === "string") strings[key] = item;
    else report([key], "a string");
  }
  return strings;
}
