/**
 * Says whether a rule matches, with what is known of a call: yes, no, perhaps (the arguments decide, and they are not known), or unclear
 * (something that would have to be known is not, or an expression erred). Unclear fails closed: no Allow matches, every Deny does.
 */
import type { Rule, RuleSubject, HintName } from "./document/rules.ts";
import { compileGlobs, matchesAny, matchesGlob, type GlobSet } from "./glob.ts";

/** What a name belongs to. */
export type SubjectKind = "tool" | "prompt" | "resource";

/** What is asked about: one tool, prompt or resource by the server's own name or URI. */
export interface Subject {
  readonly kind: SubjectKind;
  readonly name: string;
}

/** Who calls, where somebody vouches for it. */
export interface CallerFacts {
  readonly kind: "User" | "ServiceAccount" | "Anonymous";
  readonly name: string;
  /** Of a service account. */
  readonly namespace?: string;
  readonly groups: readonly string[];
  readonly claims: Readonly<Record<string, unknown>>;
}

/** Hints with the defaults of the specification filled in. */
export type Hints = Readonly<Record<HintName, boolean>>;

/** How a tool stands to its approval. `Unapproved`: new where approvals are given by hand, or not seen yet. */
export type PinState = "Approved" | "Changed" | "Unapproved";

/** What is known of a tool. `approved`: what its approved definition says; absent where there is none. */
export interface ToolFacts {
  readonly pin: PinState;
  readonly approved?: { readonly hints: Hints; readonly inputSchema?: unknown; readonly digest: string };
}

/** What is known of a call besides its subject. */
export interface View {
  /** The method that uses the subject; absent where a list is made: then it is the one that uses a subject of its kind. */
  readonly method?: string;
  readonly server?: string;
  /**
   * Absent where nobody vouches for the caller. `someone`: what is asked is whether there can be a caller that passes, so rules that look
   * at it neither deny nor are missed.
   */
  readonly caller?: CallerFacts | "someone";
  readonly tool?: ToolFacts;
  /** The arguments; absent while they are not known. */
  readonly args?: { readonly value: unknown };
}

/** The variables of a condition. One that is absent makes every expression that names it an error. */
export type ConditionFacts = Readonly<Record<string, unknown>>;

/** A compiled condition. It never throws. */
export interface Condition {
  readonly usesArgs: boolean;
  readonly usesCaller: boolean;
  readonly evaluate: (facts: ConditionFacts) => boolean | "error";
}

/** Compiles the text of a condition; undefined where the text can't be used. */
export type ConditionCompiler = (expression: string) => Condition | undefined;

/** A rule ready for use. */
export interface CompiledRule {
  readonly name: string;
  readonly names: Readonly<Partial<Record<SubjectKind, GlobSet>>>;
  readonly methods: ReadonlySet<string> | undefined;
  readonly subjects: readonly RuleSubject[];
  readonly hints: readonly (readonly [HintName, boolean])[];
  readonly when: Condition | undefined;
}

/** How well a rule fits. */
export type Match = "yes" | "no" | "perhaps" | "unclear";

const everyName = compileGlobs(["*"]);

/** A condition that nobody can evaluate is an error each time. */
const unusable: Condition = { usesArgs: false, usesCaller: false, evaluate: () => "error" };

/** Compiles a rule. Without a compiler its condition is an error each time. */
export function compileRule(rule: Rule, compile: ConditionCompiler | undefined): CompiledRule {
  const { tools, prompts, resources } = rule;
  const isAll = tools === undefined && prompts === undefined && resources === undefined;
  const names = (globs: readonly string[] | undefined, kind: SubjectKind): CompiledRule["names"] =>
    isAll ? { [kind]: everyName } : globs === undefined ? {} : { [kind]: compileGlobs(globs) };
  return {
    name: rule.name,
    names: { ...names(tools, "tool"), ...names(prompts, "prompt"), ...names(resources, "resource") },
    methods: rule.methods.length === 0 ? undefined : new Set(rule.methods),
    subjects: rule.subjects,
    // The reader admits no other keys than the names of hints.
    hints: Object.entries(rule.hints) as [HintName, boolean][],
    when: rule.when === undefined ? undefined : (compile?.(rule.when) ?? unusable),
  };
}

/** The method that uses a subject of each kind: what is listed is judged by it. */
const useOf: Readonly<Record<SubjectKind, string>> = {
  tool: "tools/call",
  prompt: "prompts/get",
  resource: "resources/read",
};

/** Methods whose requests carry arguments; all others have none, which is known without reading them. */
const withArguments: ReadonlySet<string> = new Set(["tools/call", "prompts/get"]);

/** Says how a rule fits. */
export function matchRule(rule: CompiledRule, subject: Subject, view: View): Match {
  const method = view.method ?? useOf[subject.kind];
  const names = rule.names[subject.kind];
  if (names === undefined || !matchesAny(names, subject.name)) return "no";
  if (rule.methods !== undefined && !rule.methods.has(method)) return "no";
  const matches = [
    matchHints(rule, view),
    matchSubjects(rule, view.caller),
    matchCondition(rule, subject, { ...view, method }),
  ];
  // Whom a rule passes over is also passed over by what is unclear of it.
  if (view.caller === "someone" && dependsOnCaller(rule)) return matches.includes("no") ? "no" : "perhaps";
  return weakest(matches);
}

/** Whether a rule fits some callers and others not. */
export function dependsOnCaller({ subjects, when }: CompiledRule): boolean {
  const isForAll = subjects.length === 0 || subjects.some(({ kind }) => kind === "Any");
  return !isForAll || when?.usesCaller === true;
}

/** One no is a no; else one thing that is unclear makes all unclear. */
function weakest(matches: readonly Match[]): Match {
  return (["no", "unclear", "perhaps"] as const).find((match) => matches.includes(match)) ?? "yes";
}

function matchHints({ hints }: CompiledRule, { tool }: View): Match {
  if (hints.length === 0) return "yes";
  const approved = tool?.approved;
  if (approved === undefined) return "unclear";
  return hints.every(([name, value]) => approved.hints[name] === value) ? "yes" : "no";
}

function matchSubjects({ subjects }: CompiledRule, caller: View["caller"]): Match {
  if (subjects.length === 0 || subjects.some(({ kind }) => kind === "Any")) return "yes";
  if (caller === "someone") return "perhaps";
  // Nobody vouches for the caller: it is anonymous, and whether it is one of those that are named can't be known.
  if (caller === undefined) return subjects.some(({ kind }) => kind === "Anonymous") ? "yes" : "unclear";
  return subjects.some((subject) => isSubject(subject, caller)) ? "yes" : "no";
}

function isSubject({ kind, name = "*", namespace = "*", claim = "" }: RuleSubject, caller: CallerFacts): boolean {
  switch (kind) {
    case "Any":
      return true;
    case "Anonymous":
      return caller.kind === "Anonymous";
    case "User":
      return caller.kind === "User" && matchesGlob(name, caller.name);
    case "ServiceAccount":
      return (
        caller.kind === "ServiceAccount" &&
        matchesGlob(name, caller.name) &&
        matchesGlob(namespace, caller.namespace ?? "")
      );
    case "Group":
      return caller.groups.some((group) => matchesGlob(name, group));
    case "Claim":
      return textsOf(caller.claims[claim]).some((text) => matchesGlob(name, text));
  }
}

/** A claim's value as texts: a list has several; what is neither text, number nor boolean has none. */
function textsOf(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.filter((item) => typeof item === "string");
  return ["string", "number", "boolean"].includes(typeof value) ? [String(value)] : [];
}

function matchCondition({ when }: CompiledRule, subject: Subject, view: View & { readonly method: string }): Match {
  if (when === undefined) return "yes";
  const args = view.args ?? (withArguments.has(view.method) ? undefined : { value: {} });
  if (isStillOpen(when, view.caller, args)) return "perhaps";
  const outcome = when.evaluate(gatherFacts(subject, view, args?.value));
  if (outcome === "error") return "unclear";
  return outcome ? "yes" : "no";
}

/** Whether the condition looks at what is to be known later. */
function isStillOpen({ usesArgs, usesCaller }: Condition, caller: View["caller"], args: View["args"]): boolean {
  return (usesArgs && args === undefined) || (usesCaller && caller === "someone");
}

function gatherFacts(subject: Subject, { caller, server, tool }: View, args: unknown): ConditionFacts {
  return {
    ...(caller === undefined || caller === "someone" ? {} : { caller }),
    ...(server === undefined ? {} : { server: { name: server } }),
    tool: describeSubject(subject, tool),
    args: args ?? {},
  };
}

function describeSubject({ kind, name }: Subject, tool: ToolFacts | undefined): Readonly<Record<string, unknown>> {
  const hints = tool?.approved?.hints;
  return { kind, name, ...(hints === undefined ? {} : { hints }) };
}
