/**
 * What policy says of the arguments of a call that may otherwise pass: rules that look at them, the approved schema, secrets.
 * Pure: the check of schemas is passed in. A refusal is told to whoever called, so that a model can correct itself.
 */
import type { Reason } from "@outrigger/api/reasons";
import { boundsOf, findExcess } from "./bounds.ts";
import type { PolicyDocument } from "./document/document.ts";
import type { ToolSizes } from "./document/limits.ts";
import type { CompiledPolicy, Inspection, LayerRules, SchemaCheck } from "./compiled.ts";
import { consents, findMatch, type Guarded } from "./guard.ts";
import { strictest } from "./pins.ts";
import type { Subject, View } from "./rules.ts";
import { createSecretFinder, type SecretFinder } from "./secrets.ts";

/** Bytes of the arguments that are looked at; longer ones are refused. */
export const maxInspectedBytes = 1_048_576;

type ToolBoundsSource = Pick<ToolSizes, "maxDepth" | "maxEntries">;

const noChecker: SchemaCheck = () => ["Arguments can't be checked, since there is nothing to check them with."];

/** Compiles all layers' wishes; undefined where nobody has to look at arguments. */
export function compileInspection(
  layers: readonly PolicyDocument[],
  rules: readonly LayerRules[],
  checkSchema: SchemaCheck = noChecker,
): Inspection | undefined {
  const hasRules = rules.some(({ allow, deny }) => [...allow, ...deny].some(({ when }) => when?.usesArgs === true));
  const schema = strictest(
    layers.map((layer) => layer.arguments.schema),
    "Off",
  );
  const secrets = createSecretFinder(layers.flatMap((layer) => layer.arguments.deny));
  const isBounded = (sizes: ToolBoundsSource): boolean => (sizes.maxDepth ?? sizes.maxEntries) !== undefined;
  const hasBounds = layers.some(({ sizes }) => isBounded(sizes) || sizes.perTool.some(isBounded));
  if (!hasRules && !hasBounds && schema === "Off" && secrets === undefined) return undefined;
  return { hasRules, schema, secrets, checkSchema };
}

/** The verdict on arguments. `wouldDeny`: what an audited check would have refused. */
export type ArgumentVerdict =
  | { readonly action: "allow"; readonly wouldDeny?: ArgumentReason }
  | { readonly action: "deny"; readonly reason: ArgumentReason; readonly text: string };

/** Why arguments are refused. */
export type ArgumentReason = Extract<Reason, "ArgumentsDenied" | "ArgumentsInvalid" | "ArgumentsSecret">;

/** Judges the arguments of a call of a tool or a prompt that is visible. */
export function judgeArguments(
  policy: CompiledPolicy,
  inspection: Inspection,
  call: { readonly subject: Subject; readonly view: View & { readonly args: { readonly value: unknown } } },
): ArgumentVerdict {
  const secret = findSecret(inspection, call.view.args.value);
  if (secret !== undefined) return { action: "deny", reason: "ArgumentsSecret", text: secret };
  const denial = inspection.hasRules ? findRuleDenial(policy, call) : undefined;
  if (denial !== undefined) return { action: "deny", reason: "ArgumentsDenied", text: denial };
  if (call.subject.kind !== "tool") return { action: "allow" };
  const excess = findExcess(call.view.args.value, boundsOf(policy, call.subject.name));
  if (excess !== undefined)
    return { action: "deny", reason: "ArgumentsInvalid", text: `The arguments do not fit: ${excess}.` };
  const faults = findFaults(inspection, call.view);
  if (faults.length === 0) return { action: "allow" };
  if (inspection.schema === "Audit") return { action: "allow", wouldDeny: "ArgumentsInvalid" };
  return { action: "deny", reason: "ArgumentsInvalid", text: `The arguments do not fit: ${faults.join("; ")}.` };
}

function findFaults({ schema, checkSchema }: Inspection, view: View): readonly string[] {
  if (schema === "Off") return [];
  const approved = view.tool?.approved;
  if (approved === undefined) return ["there is no approved definition yet to check them with; try again later"];
  return checkSchema(approved, view.args?.value);
}

/** The subject is visible: where it is refused now, it is for its arguments. */
function findRuleDenial(policy: CompiledPolicy, guarded: Guarded): string | undefined {
  if (consents(policy, guarded.subject, guarded.view)) return undefined;
  const denied = findMatch(
    (policy.guards?.layers ?? []).flatMap(({ deny }) => deny),
    guarded,
    "deny",
  );
  return denied === undefined
    ? "No rule allows these arguments."
    : `The arguments are refused by the rule "${denied.name}".`;
}

function findSecret({ secrets }: Inspection, args: unknown): string | undefined {
  const found = secrets === undefined ? undefined : findInTexts(secrets, args, "");
  return found === undefined
    ? undefined
    : `The argument ${found.at} holds a secret (${found.name}). Secrets must not be sent to this server: call again without it.`;
}

/** Where a secret is, as a JSON pointer. The depth is bounded by the scanner, which refuses what nests deeper. */
function findInTexts(secrets: SecretFinder, value: unknown, at: string): { name: string; at: string } | undefined {
  if (typeof value === "string") {
    const name = secrets.find(value);
    return name === undefined ? undefined : { name, at: at === "" ? "itself" : at };
  }
  if (typeof value !== "object" || value === null) return undefined;
  for (const [key, item] of Object.entries(value)) {
    const name = secrets.find(key);
    if (name !== undefined) return { name, at: `${at}/(a name of a member)` };
    const found = findInTexts(secrets, item, `${at}/${key.replaceAll("~", "~0").replaceAll("/", "~1").slice(0, 64)}`);
    if (found !== undefined) return found;
  }
  return undefined;
}
