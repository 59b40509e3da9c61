/**
 * The policy in force: compiled from the file and the quick policy, swapped as one immutable object, last good kept.
 * Reading and watching the file is the shell's; what is in force is decided here.
 */
import { createHash } from "node:crypto";
import type { Reason } from "@outrigger/api/reasons";
import { compilePolicy, parsePolicyDocument, type CompiledPolicy, type PolicyDocument } from "@outrigger/policy";
import { parseDocument } from "yaml";

/** What is enforced now, and what became of the last attempt to change it. */
export interface PolicyInForce {
  readonly compiled: CompiledPolicy;
  /** sha256 over the text of all layers, hex: the same hash means the same policy. */
  readonly hash: string;
  readonly reason: Extract<Reason, "PolicyApplied" | "PolicyInvalid">;
  readonly message: string;
}

/** The holder of the policy in force. `replace` takes the text of the policy file. */
export interface PolicyHolder {
  readonly current: () => PolicyInForce;
  /** Puts a new text in force; on problems the last good policy stays and its state says so. */
  readonly replace: (text: string) => readonly string[];
  readonly onChange: (listener: (policy: PolicyInForce) => void) => void;
}

/** Reads the text of a policy file (YAML or JSON). Problems name the line and what was expected. */
function readPolicyText(text: string): {
  readonly document?: PolicyDocument;
  readonly problems: readonly string[];
} {
  const yaml = parseDocument(text, { prettyErrors: true });
  if (yaml.errors.length > 0) return { problems: yaml.errors.map((error) => error.message) };
  const value: unknown = yaml.toJS();
  // A file that was cut off, or holds nothing but comments, must not look like a policy that allows everything.
  if (value === null || value === undefined)
    return { problems: ["the policy file is empty; write {} to allow everything"] };
  const read = parsePolicyDocument(value);
  if (read.ok) return { document: read.document, problems: [] };
  return {
    problems: read.problems.map(
      (problem) => `${problem.path.join(".") || "the document"}: expected ${problem.expected}`,
    ),
  };
}

/**
 * Creates the holder with its first policy. `quick`: layers from annotations, fixed for the life of the pod.
 * Errors: the problems of the first text, since there is no last good policy yet.
 */
export function createPolicyHolder(
  text: string,
  quick: readonly PolicyDocument[],
): { readonly ok: true; readonly holder: PolicyHolder } | { readonly ok: false; readonly problems: readonly string[] } {
  const first = compile(text, quick);
  if ("problems" in first) return { ok: false, problems: first.problems };
  let current = first;
  const listeners: ((policy: PolicyInForce) => void)[] = [];
  const swap = (next: PolicyInForce): void => {
    current = next;
    for (const listener of listeners) listener(next);
  };
  return {
    ok: true,
    holder: {
      current: () => current,
      replace: (nextText) => {
        const next = compile(nextText, quick);
        if ("problems" in next) {
          swap({ ...current, reason: "PolicyInvalid", message: next.problems.join("; ") });
          return next.problems;
        }
        if (next.hash !== current.hash || current.reason !== "PolicyApplied") swap(next);
        return [];
      },
      onChange: (listener) => void listeners.push(listener),
    },
  };
}

function compile(
  text: string,
  quick: readonly PolicyDocument[],
): PolicyInForce | { readonly problems: readonly string[] } {
  const { document, problems } = readPolicyText(text);
  if (document === undefined) return { problems };
  const layers = [document, ...quick];
  const hash = createHash("sha256").update(JSON.stringify(layers)).digest("hex");
  return { compiled: compilePolicy(layers), hash, reason: "PolicyApplied", message: "the policy is in force" };
}
