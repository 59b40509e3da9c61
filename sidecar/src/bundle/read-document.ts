/** Reads the text of a policy file (YAML or JSON) into a layer. An empty text is no policy: it must not look like one that allows all. */
import type { FileProblem } from "@outrigger/api/server-file";
import { parsePolicyDocument, type PolicyDocument } from "@outrigger/policy";
import { parseDocument } from "yaml";

/** Reads the text. Problems name the line or the path, and what was expected. */
export function readPolicyText(
  text: string,
):
  | { readonly ok: true; readonly document: PolicyDocument }
  | { readonly ok: false; readonly problems: readonly string[] } {
  const yaml = parseDocument(text, { prettyErrors: true });
  if (yaml.errors.length > 0) return { ok: false, problems: yaml.errors.map((error) => error.message) };
  const value: unknown = yaml.toJS();
  if (value === null || value === undefined)
    return { ok: false, problems: ["the policy file is empty; write {} to allow everything"] };
  const read = parsePolicyDocument(value);
  return read.ok ? read : { ok: false, problems: describeProblems(read.problems) };
}

/** One sentence per problem of a document. */
export function describeProblems(problems: readonly FileProblem[]): readonly string[] {
  return problems.map(({ path, expected }) => `${path.join(".") || "the document"}: expected ${expected}`);
}
