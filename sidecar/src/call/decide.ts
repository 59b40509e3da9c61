/** Decides one message with the one decision function: forward (and how to read the answer), or refuse. Stage before forwarding. */
import type { Reason } from "@outrigger/api/reasons";
import { findMethod, type MethodInfo, type ScannedMessage } from "@outrigger/mcp";
import {
  admit,
  judge,
  judgeTraffic,
  judgeUnknownMethod,
  type Admission,
  type CompiledPolicy,
  type DenialReason,
  type LimitState,
  type Subject,
  type SubjectKind,
  type Ticket,
} from "@outrigger/policy";
import { refuseDenied, refuseFor, type RefusedCall, type Refusal } from "./refuse.ts";
import type { Era, Item } from "./message.ts";

/** What the decision knows beside the message. */
export interface DecisionContext {
  readonly policy: CompiledPolicy;
  readonly limits: LimitState;
  readonly server: string;
  readonly caller: string;
  readonly nowMs: number;
}

/** The lists that an answer may hold. */
export type ListKind = NonNullable<MethodInfo["list"]>;

/** The decision. `list`: the answer lists things and is filtered. `name`: what the call is about, for audit and metrics. */
export type Decision =
  | {
      readonly action: "forward";
      readonly reason: Extract<Reason, "Allowed">;
      readonly ticket?: Ticket;
      readonly list?: ListKind;
      readonly name?: string;
    }
  | Refused;

/** The decision that nothing reaches the server. */
export interface Refused {
  readonly action: "refuse";
  readonly reason: Reason;
  readonly refusal: Refusal;
  readonly name?: string;
}

/** Decides one message. Changes the limits' state only where the answer is to forward. */
export function decide(item: Item, era: Era, context: DecisionContext): Decision {
  const traffic = judgeTraffic(context.policy);
  if (traffic.action === "allow") return decideMessage(item, era, context);
  const { method, idBytes, name } = item.message;
  return refuseTraffic(traffic.reason, {
    era,
    server: context.server,
    ...(method === undefined ? {} : { method }),
    ...(idBytes === undefined ? {} : { idBytes }),
    ...(name === undefined ? {} : { name }),
  });
}

/** Decides an exchange that carries no message: a stream that is opened, a session that is ended. Refused, or undefined. */
export function refuseStream(policy: CompiledPolicy, server: string): Refused | undefined {
  const traffic = judgeTraffic(policy);
  return traffic.action === "allow" ? undefined : refuseTraffic(traffic.reason, { era: "legacy", server });
}

const trafficSentences: Readonly<Record<DenialReason, string>> = {
  PolicyMissing: "No policy has reached this server yet, so nothing is allowed. Try again later.",
  PolicyInvalid: "The policy of this server can't be read, so nothing is allowed.",
};

function refuseTraffic(reason: DenialReason, call: RefusedCall): Refused {
  const named = call.name === undefined ? {} : { name: call.name };
  return { action: "refuse", reason, refusal: refuseFor(call, { reason, text: trafficSentences[reason] }), ...named };
}

function decideMessage(item: Item, era: Era, context: DecisionContext): Decision {
  const { message } = item;
  if (message.type !== "request" || message.method === undefined) return { action: "forward", reason: "Allowed" };
  const call: RefusedCall = {
    method: message.method,
    era,
    server: context.server,
    ...(message.idBytes === undefined ? {} : { idBytes: message.idBytes }),
  };
  if (context.policy.maxRequestBytes < item.bytes.length) return refuseSize(call, item, context.policy);
  const info = findMethod(message.method);
  if (info === undefined) return decideUnknown(call, context);
  const subjects = subjectsOf(info, item);
  const denied = subjects.find((subject) => judge(context.policy, subject).action === "deny");
  if (denied !== undefined) return refuseSubject({ ...call, name: denied.name }, denied.kind);
  const [subject] = subjects;
  const facts = { method: message.method, caller: context.caller, nowMs: context.nowMs };
  const admission = admit(context.policy, context.limits, subject === undefined ? facts : { ...facts, subject });
  return conclude(admission, { call: subject === undefined ? call : { ...call, name: subject.name }, info });
}

function conclude(admission: Admission, about: { call: RefusedCall; info: MethodInfo }): Decision {
  const { call, info } = about;
  const named = call.name === undefined ? {} : { name: call.name };
  switch (admission.action) {
    case "allow":
      return {
        action: "forward",
        reason: "Allowed",
        ticket: admission.ticket,
        ...named,
        ...(info.list === undefined ? {} : { list: info.list }),
      };
    case "limit":
      return { action: "refuse", reason: admission.reason, refusal: refuseLimit(call, admission), ...named };
    case "deny":
      return refuseSubject(call, "tool");
  }
}

function refuseLimit(call: RefusedCall, limited: Extract<Admission, { action: "limit" }>): Refusal {
  const { retryAfterMs, reason, limit } = limited;
  const what = call.name === undefined ? "This method" : `"${call.name}"`;
  const text =
    retryAfterMs === undefined
      ? `${what} has too many calls under way (limit "${limit}"). Try again when one has ended.`
      : `${what} is over its rate limit ("${limit}"). Wait ${formatWait(retryAfterMs)} and try again.`;
  return refuseFor(call, retryAfterMs === undefined ? { reason, text } : { reason, text, retryAfterMs });
}

function formatWait(waitMs: number): string {
  const seconds = Math.max(1, Math.ceil(waitMs / 1_000));
  return seconds === 1 ? "1 second" : `${seconds} seconds`;
}

function refuseSize(call: RefusedCall, item: Item, policy: CompiledPolicy): Decision {
  const text = `The request has ${item.bytes.length} bytes; ${policy.maxRequestBytes} are allowed.`;
  return { action: "refuse", reason: "RequestTooLarge", refusal: refuseFor(call, { reason: "RequestTooLarge", text }) };
}

function decideUnknown(call: RefusedCall, context: DecisionContext): Decision {
  const verdict = judgeUnknownMethod(context.policy);
  if (verdict.action === "allow") return { action: "forward", reason: "Allowed" };
  return { action: "refuse", reason: verdict.reason, refusal: refuseDenied(call, "method") };
}

function refuseSubject(call: RefusedCall, kind: SubjectKind): Decision {
  const reasons = { tool: "ToolDenied", prompt: "PromptDenied", resource: "ResourceDenied" } as const;
  const named = call.name === undefined ? {} : { name: call.name };
  return { action: "refuse", reason: reasons[kind], refusal: refuseDenied(call, kind), ...named };
}

/** What a message touches. A missing name counts as the empty one: no allow list names it. */
function subjectsOf(info: MethodInfo, { message }: Item): Subject[] {
  switch (info.subject) {
    case "tool":
    case "prompt":
      return [{ kind: info.subject, name: message.name ?? "" }];
    case "resource":
      return [{ kind: "resource", name: message.uri ?? "" }];
    case "ref":
      return subjectsOfRef(message.ref);
    case "listen":
      return (message.resourceSubscriptions ?? []).map((uri) => ({ kind: "resource", name: uri }));
    case "task":
    case "none":
      return [];
  }
}

/** Every member counts, whatever the type says: servers differ in which of them they read. */
function subjectsOfRef(ref: ScannedMessage["ref"]): Subject[] {
  const prompt: Subject = { kind: "prompt", name: ref?.name ?? "" };
  if (ref?.uri === undefined) return [prompt];
  const resource: Subject = { kind: "resource", name: ref.uri };
  return ref.name === undefined ? [resource] : [resource, prompt];
}
