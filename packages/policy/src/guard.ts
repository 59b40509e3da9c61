/** What lists, rules, read-only access and pins say of a subject. Pure. */
import type { Reason } from "@outrigger/api/reasons";
import type { CompiledLists, CompiledPolicy, Guards, LayerRules } from "./compiled.ts";
import { isEmpty, matchesAny } from "./glob.ts";
import { matchRule, type CompiledRule, type Subject, type SubjectKind, type View } from "./rules.ts";
import { spellingsOf } from "./uri.ts";

/**
 * Says whether every layer consents to a subject. A resource is judged in every way in which a server may read its URI, and all of
 * them have to pass.
 */
export function consents(policy: CompiledPolicy, subject: Subject, view: View): boolean {
  if (subject.kind !== "resource" || isSilentOn(policy, "resource")) return consentsAsSpelt(policy, subject, view);
  return spellingsOf(subject.name).every((name) => consentsAsSpelt(policy, { ...subject, name }, view));
}

/** Without lists and rules no spelling makes a difference. */
function isSilentOn({ guards, lists }: CompiledPolicy, kind: SubjectKind): boolean {
  const hasLists = lists[kind].some(({ allow, deny }) => allow !== undefined || !isEmpty(deny));
  return guards === undefined && !hasLists;
}

function consentsAsSpelt(policy: CompiledPolicy, subject: Subject, view: View): boolean {
  const { guards } = policy;
  return guards === undefined
    ? consentsByLists(policy, subject.kind, subject.name)
    : consentsGuarded(policy, guards, { subject, view });
}

/** Says whether every layer's lists consent to a name, and, where the default is Deny, whether some allow list names it. */
function consentsByLists(policy: CompiledPolicy, kind: SubjectKind, name: string): boolean {
  const layers = policy.lists[kind];
  if (layers.some((lists) => matchesAny(lists.deny, name))) return false;
  if (layers.some((lists) => lists.allow !== undefined && !matchesAny(lists.allow, name))) return false;
  return !policy.deniesByDefault || layers.some((lists) => lists.allow !== undefined && lists.consents);
}

/** A subject with what is known of the call. */
export interface Guarded {
  readonly subject: Subject;
  readonly view: View;
}

/** Why a tool is held back or not served, whatever lists and rules say of its name. */
export function findToolDenial(guards: Guards, subject: Subject, { tool }: View): Reason | undefined {
  if (subject.kind !== "tool") return undefined;
  const pin = tool?.pin ?? "Unapproved";
  if (guards.holdsBack && pin !== "Approved") return pinReasons[pin];
  const isReadOnly = tool?.approved?.hints.readOnlyHint === true;
  return guards.readOnly && !isReadOnly ? "ToolNotReadOnly" : undefined;
}

const pinReasons = { Changed: "ToolChanged", Unapproved: "ToolUnapproved" } as const satisfies Record<string, Reason>;

/** Says whether every layer consents: by no deny list and no Deny rule, and by an allow list or an Allow rule where it has any. */
function consentsGuarded(policy: CompiledPolicy, guards: Guards, guarded: Guarded): boolean {
  const { kind, name } = guarded.subject;
  let isAllowedByName = false;
  for (const [index, lists] of policy.lists[kind].entries()) {
    const rules = guards.layers[index] ?? noRules;
    if (matchesAny(lists.deny, name) || findMatch(rules.deny, guarded, "deny") !== undefined) return false;
    const consent = allows(isListed(lists, name), rules, guarded);
    if (consent === false) return false;
    isAllowedByName ||= consent === true && lists.consents;
  }
  return !policy.deniesByDefault || isAllowedByName;
}

function isListed({ allow }: CompiledLists, name: string): boolean | undefined {
  return allow === undefined ? undefined : matchesAny(allow, name);
}

const noRules: LayerRules = { allow: [], deny: [] };

/** Undefined where the layer says nothing of what is allowed of that kind. */
function allows(byList: boolean | undefined, { allow }: LayerRules, guarded: Guarded): boolean | undefined {
  const rules = allow.filter(({ names }) => names[guarded.subject.kind] !== undefined);
  if (rules.length === 0 || byList === true) return byList;
  return findMatch(rules, guarded, "allow") !== undefined;
}

/** The first rule that takes effect: an Allow that fits or may fit, a Deny that fits or of which it is unclear. */
export function findMatch(
  rules: readonly CompiledRule[],
  { subject, view }: Guarded,
  action: "allow" | "deny",
): CompiledRule | undefined {
  const second = action === "allow" ? "perhaps" : "unclear";
  return rules.find((rule) => {
    const match = matchRule(rule, subject, view);
    return match === "yes" || match === second;
  });
}
