/** Reads the text of a policy file (YAML or JSON) into a layer. An empty text is no policy: it must not look like one that allows all. */
import type { FileProblem } from "@outrigger/api/server-file";
import { parsePolicyDocument, type PolicyDocument } from "@outrigger/policy";

/** Reads the text. Problems name the line or the path, and what was expected. */
export async function readPolicyText(
  text: string,
): Promise<
  | { readonly ok: true; readonly document: PolicyDocument }
  | { readonly ok: false; readonly problems: readonly string[] }
> {
  const parsed = parseJson(text) ?? (await parseYaml(text));
  if (!parsed.ok) return parsed;
  if (parsed.value === null || parsed.value === undefined)
    return { ok: false, problems: ["the policy file is empty; write {} to allow everything"] };
  const read = parsePolicyDocument(parsed.value);
  return read.ok ? read : { ok: false, problems: describeProblems(read.problems) };
}

/** Reads a text that holds no policy as strictly. A problem of its syntax is told without the text around it. */
export async function parseStrictText(text: string): Promise<Parsed> {
  const parsed = parseJson(text) ?? (await parseYaml(text));
  if (parsed.ok) return parsed;
  return { ok: false, problems: parsed.problems.map((problem) => problem.split("\n", 1)[0]?.replace(/:$/, "") ?? "") };
}

/** One sentence per problem of a document. */
export function describeProblems(problems: readonly FileProblem[]): readonly string[] {
  return problems.map(({ path, expected }) => `${path.join(".") || "the document"}: expected ${expected}`);
}

type Parsed =
  { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly problems: readonly string[] };

/** Loaded only where a text calls for it: it would be a tenth of what every pod holds. */
async function parseYaml(text: string): Promise<Parsed> {
  const { parseDocument } = await import("yaml");
  const yaml = parseDocument(text, { prettyErrors: true });
  if (yaml.errors.length > 0) return { ok: false, problems: yaml.errors.map((error) => error.message) };
  return { ok: true, value: yaml.toJS() };
}

/** Undefined where the text is no JSON, or says a key twice: JSON.parse would keep the last one silently, YAML's parser tells. */
function parseJson(text: string): (Parsed & { readonly ok: true }) | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  // Every string of the text, with the colon behind it where it is a key.
  let written = 0;
  for (const [, colon] of text.matchAll(/"(?:[^"\\]|\\.)*"(\s*:)?/g)) written += colon === undefined ? 0 : 1;
  return written === countKeys(value) ? { ok: true, value } : undefined;
}

function countKeys(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  const own = Array.isArray(value) ? 0 : Object.keys(value).length;
  return Object.values(value).reduce((count: number, each: unknown) => count + countKeys(each), own);
}
