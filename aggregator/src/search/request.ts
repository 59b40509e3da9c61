/**
 * Reads a search request as models, scripts and old prompts write it; the same rules for the tool, REST and the command line.
 * Wrong types and ranges are refused with the field's name; odd text (empty, emoji, other scripts) is not an error.
 */
import { normaliseTag } from "./tags.ts";

/** What must hold of every result. Absent members do not filter. */
export interface SearchFilters {
  readonly group?: string;
  readonly namespace?: string;
  /** A server's name, or `namespace/server`. */
  readonly serverId?: string;
  readonly readOnly?: true;
  /** In the form in which tags are compared. */
  readonly tag?: string;
}

/** A request that was checked. `server` is a hint and never excludes; `limit` is 1 to 50. */
export interface SearchRequest {
  readonly description: string;
  readonly keywords: string;
  readonly limit: number;
  readonly server?: string;
  readonly filters: SearchFilters;
  readonly detail: "full" | "short";
  /** Most tokens that the results may have. */
  readonly maxTokens?: number;
  /** True where a text was longer than 4,000 characters and only its beginning is used. */
  readonly truncated: boolean;
}

/** The outcome of reading: `field` is spelled as the caller spelled it, `got` is its value, shortened, as JSON. */
export type ParsedSearchRequest =
  | { readonly ok: true; readonly value: SearchRequest }
  | { readonly ok: false; readonly field: string; readonly expected: string; readonly got: string };

/** Bounds of a request. Texts beyond `usedCharacters` are cut, beyond `maxBytes` refused. */
export const searchLimits = {
  usedCharacters: 4_000,
  maxBytes: 64 * 1024,
  minResults: 1,
  maxResults: 50,
  defaultResults: 8,
  minTokens: 50,
  maxTokens: 1_000_000,
} as const;

type Refusal = Extract<ParsedSearchRequest, { ok: false }>;
type Input = Readonly<Record<string, unknown>>;
type Rule = (value: unknown) => string | undefined;

const { minResults, maxResults, minTokens, maxTokens, maxBytes } = searchLimits;

const isText: Rule = (value) => {
  if (typeof value !== "string") return "a string";
  return isTooLong(value) ? `at most ${maxBytes} bytes` : undefined;
};

const rules: readonly (readonly [name: string, alias: string | undefined, rule: Rule])[] = [
  ["description", "tool_description", isText],
  ["keywords", "tool_keywords", checkKeywords],
  ["server", "server_name", isText],
  ["group", undefined, isText],
  ["namespace", undefined, isText],
  ["server_id", undefined, isText],
  ["read_only", undefined, (value) => (typeof value === "boolean" ? undefined : "true or false")],
  ["detail", undefined, (value) => (value === "full" || value === "short" ? undefined : '"full" or "short"')],
  ["tag", undefined, isText],
  ["limit", undefined, isWhole(minResults, maxResults)],
  ["max_tokens", undefined, isWhole(minTokens, maxTokens)],
];

/**
 * Reads the arguments of `find_tool`. Only `description` is required. `tool_description`, `tool_keywords` and `server_name`
 * are read as `description`, `keywords` and `server` where those are absent; members that are not known are ignored.
 */
export function parseSearchRequest(input: unknown): ParsedSearchRequest {
  if (!isRecord(input)) return refuse("arguments", "an object", input);
  const values: Record<string, unknown> = {};
  for (const [name, alias, rule] of rules) {
    const field = input[name] === undefined && alias !== undefined && input[alias] !== undefined ? alias : name;
    const value = input[field];
    const isMissing = value === undefined && name !== "description";
    const expected = isMissing ? undefined : rule(value);
    if (expected !== undefined) return refuse(field, expected, value);
    values[name] = value;
  }
  return { ok: true, value: readValues(values) };
}

function readValues(values: Input): SearchRequest {
  const description = textOf(values["description"]) ?? "";
  const listed = values["keywords"];
  const keywords = Array.isArray(listed) ? listed.join(" ") : (textOf(listed) ?? "");
  const server = textOf(values["server"]);
  const { usedCharacters, defaultResults } = searchLimits;
  return {
    description: cut(description),
    keywords: cut(keywords),
    limit: typeof values["limit"] === "number" ? values["limit"] : defaultResults,
    ...(server === undefined ? {} : { server: cut(server) }),
    filters: readFilters(values),
    detail: values["detail"] === "short" ? "short" : "full",
    ...(typeof values["max_tokens"] === "number" ? { maxTokens: values["max_tokens"] } : {}),
    truncated: description.length > usedCharacters || keywords.length > usedCharacters,
  };
}

function readFilters(values: Input): SearchFilters {
  const group = textOf(values["group"]);
  const namespace = textOf(values["namespace"]);
  const serverId = textOf(values["server_id"]);
  const tag = textOf(values["tag"]);
  return {
    ...(group === undefined ? {} : { group }),
    ...(namespace === undefined ? {} : { namespace }),
    ...(serverId === undefined ? {} : { serverId }),
    ...(values["read_only"] === true ? { readOnly: true } : {}),
    ...(tag === undefined ? {} : { tag: normaliseTag(tag) }),
  };
}

function isWhole(min: number, max: number): Rule {
  return (value) => {
    const isWithin = Number.isInteger(value) && Number(value) >= min && Number(value) <= max;
    return isWithin ? undefined : `a whole number from ${min} to ${max}`;
  };
}

function checkKeywords(value: unknown): string | undefined {
  if (typeof value === "string") return isText(value);
  if (!Array.isArray(value) || !value.every((item) => typeof item === "string")) return "a string or a list of strings";
  return isTooLong(value.join(" ")) ? `at most ${maxBytes} bytes` : undefined;
}

function isTooLong(text: string): boolean {
  return text.length > maxBytes || Buffer.byteLength(text) > maxBytes;
}

/** Never ends within a surrogate pair. */
function cut(text: string): string {
  if (text.length <= searchLimits.usedCharacters) return text;
  return text.slice(0, searchLimits.usedCharacters).replace(/[\ud800-\udbff]$/, "");
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function isRecord(value: unknown): value is Input {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function refuse(field: string, expected: string, value: unknown): Refusal {
  return { ok: false, field, expected, got: showValue(value) };
}

function showValue(value: unknown): string {
  if (value === undefined) return "nothing";
  if (typeof value === "string" && value.length > 64) return `a string of ${value.length} characters`;
  // Undefined is what JSON has no form for (functions, symbols); requests from the wire never hold those.
  const text = (JSON.stringify(value) as string | undefined) ?? typeof value;
  return text.length > 64 ? `${text.slice(0, 61)}...` : text;
}
