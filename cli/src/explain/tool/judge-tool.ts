/**
 * Judges one tool for one caller with the decision function of the sidecar, and finds what decided: each clause of each layer is judged
 * alone by the same function. Pure.
 */
import type { FeedLimit } from "@outrigger/api/feed";
import type { Reason } from "@outrigger/api/reasons";
import {
  boundsOf,
  compileDenial,
  compilePolicy,
  describeLimits,
  judge,
  judgeArguments,
  matchesGlob,
  openDocument,
  type BoundsInForce,
  type CompiledPolicy,
  type Engines,
  type PolicyDocument,
  type View,
} from "@outrigger/policy";
import { pickDefined } from "../defined.ts";
import type { NamedLayer, ReadLayers } from "./layers.ts";

/** What decided: where it is from, and what it says of the tool. */
export interface Cause {
  readonly origin: string;
  readonly text: string;
}

/** The verdict. `limits`: those that a call counts against; `bounds`: sizes and time of one call; `onTrial`: what audited layers would do. */
export interface ToolVerdict {
  readonly action: "allow" | "deny";
  readonly reason: Reason;
  readonly causes: readonly Cause[];
  readonly limits: readonly FeedLimit[];
  readonly bounds: BoundsInForce;
  readonly arguments?: { readonly action: "allow" | "deny"; readonly reason?: Reason; readonly text?: string };
  readonly onTrial?: Reason;
}

/** What is judged. `view` is what is known of caller, server and tool; with arguments they are judged, too. */
export interface ToolQuestion {
  readonly tool: string;
  readonly view: View;
  readonly engines: Engines;
}

/** Judges. */
export function judgeTool({ layers, denied }: ReadLayers, question: ToolQuestion): ToolVerdict {
  const { tool, view, engines } = question;
  const documents = layers.map(({ document }) => document);
  const policy = denied === undefined ? compilePolicy(documents, engines) : compileDenial(denied.reason);
  const { args } = view;
  const seen = withoutArguments(view);
  const verdict = judge(policy, subjectOf(tool), seen);
  const causes = denied === undefined ? findCauses(layers, question) : [{ origin: "the pod", text: denied.why }];
  const tried = policy.trial === undefined ? undefined : judge(policy.trial, subjectOf(tool), seen);
  return {
    action: verdict.action,
    reason: verdict.action === "deny" ? verdict.reason : "Allowed",
    causes,
    limits: listLimits(policy, tool),
    bounds: boundsOf(policy, tool),
    ...(verdict.action === "allow" && args !== undefined ? { arguments: judgeGiven(policy, question, args) } : {}),
    ...(tried?.action === "deny" && verdict.action === "allow" ? { onTrial: tried.reason } : {}),
  };
}

const subjectOf = (name: string): { readonly kind: "tool"; readonly name: string } => ({ kind: "tool", name });

/** Whether a tool is listed does not depend on the arguments of one call. */
function withoutArguments({ server, caller, tool }: View): View {
  return pickDefined({ server, caller, tool });
}

function listLimits(policy: CompiledPolicy, tool: string): readonly FeedLimit[] {
  const matches = (globs: readonly string[], text: string): boolean => globs.some((glob) => matchesGlob(glob, text));
  return describeLimits(policy).limits.filter(
    ({ tools, methods }) => matches(tools, tool) && matches(methods, "tools/call"),
  );
}

function judgeGiven(
  policy: CompiledPolicy,
  { tool, view }: ToolQuestion,
  args: NonNullable<View["args"]>,
): NonNullable<ToolVerdict["arguments"]> {
  if (policy.inspection === undefined) return { action: "allow" };
  const verdict = judgeArguments(policy, policy.inspection, { subject: subjectOf(tool), view: { ...view, args } });
  if (verdict.action === "deny") return verdict;
  return { action: "allow", ...(verdict.wouldDeny === undefined ? {} : { reason: verdict.wouldDeny }) };
}

/** Every clause that denies by itself; where there is none and the default denies, that; else every clause that names the tool. */
function findCauses(layers: readonly NamedLayer[], question: ToolQuestion): readonly Cause[] {
  const enforced = layers.filter(({ document }) => document.mode === "Enforce");
  const denying = enforced.flatMap((layer) => listDenials(layer, question));
  if (denying.length > 0) return denying;
  const isDenied = isRefused(
    enforced.map(({ document }) => document),
    question,
  );
  if (isDenied)
    return enforced
      .filter(({ document }) => document.defaultAction === "Deny")
      .map(({ origin }) => ({
        origin,
        text: "denies by default, and no allow list or rule of the platform names the tool",
      }));
  return enforced.flatMap((layer) => listConsents(layer, question));
}

/** Whether the decision function refuses the tool under these documents alone. */
function isRefused(documents: readonly PolicyDocument[], { tool, view, engines }: ToolQuestion): boolean {
  return judge(compilePolicy(documents, engines), subjectOf(tool), withoutArguments(view)).action === "deny";
}

function listDenials({ origin, document }: NamedLayer, question: ToolQuestion): readonly Cause[] {
  const refuses = (part: Partial<PolicyDocument>): boolean => isRefused([{ ...openDocument, ...part }], question);
  const { tools, rules, access, pins } = document;
  const allowRules = rules.filter((rule) => rule.action === "Allow");
  const consent = {
    tools: tools.allow === undefined ? { deny: [] } : { allow: tools.allow, deny: [] },
    rules: allowRules,
  };
  const causes: readonly (readonly [boolean, string])[] = [
    ...tools.deny.map((glob) => [matchesGlob(glob, question.tool), `denies ${JSON.stringify(glob)}`] as const),
    ...rules
      .filter((rule) => rule.action === "Deny")
      .map((rule) => [refuses({ rules: [rule] }), `rule ${JSON.stringify(rule.name)} denies it`] as const),
    [refuses(consent), describeMissedConsent(tools.allow, allowRules)],
    [refuses({ access }), "serves only tools that are declared read-only (access: ReadOnly)"],
    [refuses({ pins }), "holds back tools whose definition is not the approved one (pins: Enforce)"],
  ];
  return causes.filter(([denies]) => denies).map(([, text]) => ({ origin, text }));
}

function describeMissedConsent(allow: readonly string[] | undefined, rules: PolicyDocument["rules"]): string {
  const names = rules.map(({ name }) => JSON.stringify(name)).join(", ");
  const list = allow === undefined ? "" : `allows ${quoteAll(allow)} only`;
  if (rules.length === 0) return list;
  return list === "" ? `none of its rules that allow fits: ${names}` : `${list}, and none of its rules fits: ${names}`;
}

function listConsents({ origin, document }: NamedLayer, question: ToolQuestion): readonly Cause[] {
  const { tools, rules } = document;
  const globs = (tools.allow ?? []).filter((glob) => matchesGlob(glob, question.tool));
  const fitting = rules.filter(
    (rule) => rule.action === "Allow" && !isRefused([{ ...openDocument, rules: [rule] }], question),
  );
  return [
    ...(globs.length === 0 ? [] : [{ origin, text: `allows ${quoteAll(globs)}` }]),
    ...fitting.map(({ name }) => ({ origin, text: `rule ${JSON.stringify(name)} allows it` })),
  ];
}

const mostNamed = 6;
function quoteAll(globs: readonly string[]): string {
  const rest = globs.length - mostNamed;
  const named = globs.slice(0, mostNamed).map((glob) => JSON.stringify(glob));
  return `${named.join(", ")}${rest > 0 ? ` and ${rest} more` : ""}`;
}
