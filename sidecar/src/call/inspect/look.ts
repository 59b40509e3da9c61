/**
 * Looks closer at a message than its method and name, where policy asks for it: what is known of the tool and the caller, what the arguments
 * are, and what layers on trial would have said. Called by the decision; decides nothing that packages/policy does not.
 */
import type { CallerAssertion } from "@outrigger/api/caller";
import type { Reason } from "@outrigger/api/reasons";
import {
  admit,
  factsOfCaller,
  judge,
  judgeArguments,
  type CompiledPolicy,
  type LimitState,
  type Subject,
  type Ticket,
  type ToolFacts,
  type View,
} from "@outrigger/policy";
import type { Item } from "../message.ts";
import { readArguments } from "./arguments.ts";
import type { ControlCounts } from "./counts.ts";

/** What is known of tools: their approved definitions. */
export interface ToolBook {
  readonly factsOf: (name: string) => ToolFacts | undefined;
  /** Of a definition as it stands in a list that is about to be shown. */
  readonly factsOfEntry: (name: string, json: Uint8Array) => ToolFacts | undefined;
}

/** Who asks, of which server. */
export interface Looker {
  readonly server: string;
  readonly book: ToolBook | undefined;
  readonly received: { readonly assertion?: CallerAssertion } | undefined;
}

/** A refusal that is told to whoever called. */
export interface ToldRefusal {
  readonly reason: Extract<
    Reason,
    "ArgumentsDenied" | "ArgumentsInvalid" | "ArgumentsSecret" | "RequestTooLarge" | "RequestMalformed"
  >;
  readonly text: string;
}

/** What is known of a subject before its arguments are read. */
export function viewOf(subject: Subject, looker: Looker, method?: string): View {
  const tool = subject.kind === "tool" ? looker.book?.factsOf(subject.name) : undefined;
  const assertion = looker.received?.assertion;
  return {
    server: looker.server,
    ...(method === undefined ? {} : { method }),
    ...(assertion === undefined ? {} : { caller: factsOfCaller(assertion) }),
    ...(tool === undefined ? {} : { tool }),
  };
}

/** The same of an entry of a list: of a tool what its definition there is worth, not the one that was seen last. */
export function viewOfEntry(subject: Subject, entry: Uint8Array, looker: Looker): View {
  const view = viewOf(subject, { ...looker, book: undefined });
  const tool = subject.kind === "tool" ? looker.book?.factsOfEntry(subject.name, entry) : undefined;
  return tool === undefined ? view : { ...view, tool };
}

/** A call that is about to be decided. */
export interface LookedAt {
  readonly item: Item;
  readonly method: string;
  readonly subject: Subject | undefined;
  readonly looker: Looker;
}

/** Refuses a call for its arguments; undefined where nothing stands against them. */
export function inspectCall(
  policy: CompiledPolicy,
  call: LookedAt,
  counts: ControlCounts | undefined,
): ToldRefusal | undefined {
  const { inspection } = policy;
  const { item, method, subject, looker } = call;
  if (inspection === undefined || subject === undefined || !hasArguments(method)) return undefined;
  const args = readArguments(item);
  if (!args.ok) return args;
  const verdict = judgeArguments(policy, inspection, { subject, view: { ...viewOf(subject, looker, method), args } });
  if (verdict.action === "deny") return verdict;
  if (verdict.wouldDeny !== undefined) counts?.wouldDeny({ method, name: subject.name, reason: verdict.wouldDeny });
  return undefined;
}

const hasArguments = (method: string): boolean => method === "tools/call" || method === "prompts/get";

/** Tries the layers in audit mode on a call that passed. What it would have met is told; it holds a ticket of limits on trial. */
export function tryOut(
  policy: CompiledPolicy,
  call: LookedAt & { readonly caller: string; readonly nowMs: number },
  state: { readonly limits: LimitState; readonly counts: ControlCounts | undefined },
): Ticket | undefined {
  const { trial } = policy;
  if (trial === undefined) return undefined;
  const { method, subject } = call;
  const outcome = tryAll(trial, call, state.limits);
  if (typeof outcome !== "string") return outcome;
  state.counts?.wouldDeny({ method, name: subject?.name, reason: outcome });
  return undefined;
}

function tryAll(
  trial: CompiledPolicy,
  call: LookedAt & { readonly caller: string; readonly nowMs: number },
  limits: LimitState,
): Reason | Ticket {
  const { item, method, subject, looker, caller, nowMs } = call;
  if (item.bytes.length > trial.maxRequestBytes) return "RequestTooLarge";
  const view = subject === undefined ? {} : viewOf(subject, looker, method);
  const verdict = subject === undefined ? undefined : judge(trial, subject, view);
  if (verdict?.action === "deny") return verdict.reason;
  const told = inspectCall(trial, call, undefined);
  if (told !== undefined) return told.reason;
  const facts = { method, caller, nowMs, view };
  const admission = admit(trial, limits, subject === undefined ? facts : { ...facts, subject });
  return admission.action === "allow" ? admission.ticket : admission.reason;
}
