/**
 * The documents of a manifest file: their values as Kubernetes reads them, and their text, so that what is not touched stays
 * as it was written. Knows nothing of injection.
 */
import {
  LineCounter,
  parseDocument,
  type ParseOptions,
  type DocumentOptions,
  type SchemaOptions,
  type Tags,
} from "yaml";

/** One document. `line` is where it begins in the file, from 1; `value` is undefined where it holds nothing but comments. */
export interface ManifestDocument {
  readonly text: string;
  readonly line: number;
  /** Whole numbers beyond 2^53 are bigints, so that they can be written back as they were. */
  readonly value: unknown;
}

/** The documents, or every problem with its line. */
export type ReadDocuments =
  | { readonly ok: true; readonly documents: readonly ManifestDocument[] }
  | { readonly ok: false; readonly problems: readonly string[] };

type YamlOptions = ParseOptions & DocumentOptions & SchemaOptions;

/** YAML as kubectl reads it: 1.1 without times and base 60, with merge keys. JSON is the same language here. */
const kubernetesYaml: YamlOptions = {
  version: "1.1",
  merge: true,
  intAsBigInt: true,
  prettyErrors: false,
  customTags: (tags: Tags): Tags => tags.filter((tag) => typeof tag === "string" || !isTime(tag)),
};

const isTime = (tag: { readonly tag: string; readonly format?: string }): boolean =>
  tag.format === "TIME" || tag.tag === "tag:yaml.org,2002:timestamp";

/** Splits a file and reads every document of it. Each must be a Kubernetes object, or empty. */
export function readDocuments(text: string): ReadDocuments {
  const parts = splitDocuments(text).map(readPart);
  const problems = parts.flatMap((part) => part.problems);
  return problems.length > 0 ? { ok: false, problems } : { ok: true, documents: parts.map((part) => part.document) };
}

interface Chunk {
  readonly text: string;
  readonly line: number;
}

/** A line that begins with `---` begins a document: YAML allows it nowhere else at the start of a line. */
function splitDocuments(text: string): Chunk[] {
  const starts = [...text.matchAll(/^---(?=\s|$)/gm)].map((match) => match.index);
  const bounds = [...new Set([0, ...starts]), text.length];
  const chunks = bounds.slice(0, -1).map((start, index) => ({
    text: text.slice(start, bounds[index + 1]),
    line: text.slice(0, start).split("\n").length,
  }));
  // A file that begins with a separator has nothing before it.
  return chunks.filter((chunk) => chunk.text !== "");
}

interface Part {
  readonly document: ManifestDocument;
  readonly problems: readonly string[];
}

function readPart({ text, line }: Chunk): Part {
  const lineCounter = new LineCounter();
  const parsed = parseDocument(text, { ...kubernetesYaml, lineCounter });
  const lineOf = (offset: number): number => line + lineCounter.linePos(offset).line - 1;
  const none = { text, line, value: undefined };
  if (parsed.errors.length > 0)
    return { document: none, problems: parsed.errors.map((each) => `line ${lineOf(each.pos[0])}: ${each.message}`) };
  const value = narrowNumbers(parsed.toJS());
  if (value === null) return { document: none, problems: [] };
  const problem = `line ${lineOf(parsed.contents?.range[0] ?? 0)}: expected an object with apiVersion and kind`;
  return { document: { text, line, value }, problems: isKubernetesObject(value) ? [] : [problem] };
}

const isKubernetesObject = (value: unknown): boolean =>
  typeof value === "object" && value !== null && "kind" in value && typeof value.kind === "string";

/** Bigints that a number holds exactly become numbers. */
function narrowNumbers(value: unknown): unknown {
  if (typeof value === "bigint") return isSafe(value) ? Number(value) : value;
  if (Array.isArray(value)) return value.map(narrowNumbers);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, narrowNumbers(member)]));
}

const isSafe = (value: bigint): boolean =>
  value <= BigInt(Number.MAX_SAFE_INTEGER) && value >= -BigInt(Number.MAX_SAFE_INTEGER);

/** Writes values as JSON, numbers of any size exactly. Several become one List, as kubectl prints them. */
export function formatJson(values: readonly unknown[]): string {
  const [first, ...more] = values;
  const whole = more.length === 0 ? first : { apiVersion: "v1", kind: "List", items: values };
  return `${JSON.stringify(whole, (_key, value: unknown) => (typeof value === "bigint" ? rawJson(String(value)) : value), 2)}\n`;
}

/** Source: ECMAScript proposal JSON.parse source text access; in Node since 21, in TypeScript's library not yet. */
function rawJson(text: string): unknown {
  return (JSON as JSON & { readonly rawJSON: (text: string) => unknown }).rawJSON(text);
}
