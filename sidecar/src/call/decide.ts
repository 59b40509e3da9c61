/** Decides one message with the one decision function: forward (and how to read the answer), or refuse. Stage before forwarding. */
import type { Reason } from "@outrigger/api/reasons";
import { findMethod, type MethodInfo, type ScannedMessage } from "@outrigger/mcp";
import {
  admit,
  boundsOf,
  judge,
  judgeTraffic,
  judgeUnknownMethod,
  type Admission,
  type CompiledPolicy,
  type DenialReason,
  type LimitState,
  type QueuePlace,
  type Subject,
  type SubjectKind,
  type Ticket,
} from "@outrigger/policy";
import { refuseLimit } from "./refuse-limit.ts";
import { refuseDenied, refuseFor, type RefusedCall, type Refusal } from "./refuse.ts";
import type { Received } from "./received.ts";
import type { Era, Item } from "./message.ts";
import type { ControlCounts } from "./inspect/counts.ts";
import { inspectCall, tryOut, viewOf, type Looker, type ToldRefusal, type ToolBook } from "./inspect/look.ts";
import { namesUnknownTask, ownerOf, type TaskTable } from "./tasks.ts";

/** What the decision knows beside the message. */
export interface DecisionContext {
  readonly policy: CompiledPolicy;
  readonly limits: LimitState;
  readonly server: string;
  readonly caller: string;
  readonly nowMs: number;
  /** Whose tasks are whose, and the request that asks; absent where no account is kept. */
  readonly tasks?: TaskTable | undefined;
  readonly received?: Received;
  /** Approved definitions of tools; absent where none are kept. */
  readonly book?: ToolBook | undefined;
  readonly counts?: ControlCounts | undefined;
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
  /** Where the call may wait instead. */
  readonly wait?: QueuePlace;
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
  if (!isJudged(message) || message.method === undefined) return { action: "forward", reason: "Allowed" };
  const call: RefusedCall = {
    method: message.method,
    era,
    server: context.server,
    ...(message.idBytes === undefined ? {} : { idBytes: message.idBytes }),
  };
  if (context.policy.maxRequestBytes < item.bytes.length) return refuseSize(call, item, context.policy.maxRequestBytes);
  const info = findMethod(message.method);
  if (info === undefined) return decideUnknown(call, context);
  return decideKnown({ call, info, item, context, method: message.method });
}

/** A method that is no notification of MCP may make a server work, also where nobody waits for an answer. */
function isJudged({ type, method }: ScannedMessage): boolean {
  return type === "request" || (type === "notification" && method?.startsWith("notifications/") === false);
}

function decideKnown(known: Known): Decision {
  const { call, info, item, context, method } = known;
  if (info.subject === "task" || info.subject === "listen") {
    const refused = refuseTask(call, { info, item, context });
    if (refused !== undefined) return refused;
  }
  const subjects = subjectsOf(info, item);
  if (context.policy.needsView) return decideClosely(known, subjects);
  const denied = subjects.find((subject) => judge(context.policy, subject).action === "deny");
  if (denied !== undefined) return refuseSubject({ ...call, name: denied.name }, denied.kind);
  const [subject] = subjects;
  const facts = { method, caller: context.caller, nowMs: context.nowMs };
  const admission = admit(context.policy, context.limits, subject === undefined ? facts : { ...facts, subject });
  return conclude(admission, { call: subject === undefined ? call : { ...call, name: subject.name }, info });
}

/** A request of a method that the protocol defines. */
interface Known {
  readonly call: RefusedCall;
  readonly info: MethodInfo;
  readonly item: Item;
  readonly context: DecisionContext;
  readonly method: string;
}

/** The same decision where policy asks for more than method and name. */
function decideClosely({ call, info, item, context, method }: Known, subjects: readonly Subject[]): Decision {
  const { policy, limits, caller, nowMs } = context;
  const looker = lookerOf(context);
  for (const each of subjects) {
    const verdict = judge(policy, each, viewOf(each, looker, method));
    if (verdict.action === "deny") return refuseSubject({ ...call, name: each.name }, each.kind, verdict.reason);
  }
  const [subject] = subjects;
  const named = subject === undefined ? call : { ...call, name: subject.name };
  const maxRequestBytes = boundRequest(policy, subject);
  if (item.bytes.length > maxRequestBytes) return refuseSize(named, item, maxRequestBytes);
  const looked = { item, method, subject, looker, caller, nowMs };
  const told = inspectCall(policy, looked, context.counts);
  if (told !== undefined) return refuseTold(named, told);
  const facts = subject === undefined ? {} : { subject, view: viewOf(subject, looker, method) };
  const admission = admit(policy, limits, { method, caller, nowMs, ...facts });
  if (admission.action !== "allow") return conclude(admission, { call: named, info });
  const tried = tryOut(policy, looked, { limits, counts: context.counts });
  const ticket = tried === undefined ? admission.ticket : { held: [...admission.ticket.held, ...tried.held] };
  return conclude({ action: "allow", ticket }, { call: named, info });
}

function boundRequest(policy: CompiledPolicy, subject: Subject | undefined): number {
  return subject?.kind === "tool" ? boundsOf(policy, subject.name).maxRequestBytes : policy.maxRequestBytes;
}

const lookerOf = ({ server, book, received }: DecisionContext): Looker => ({ server, book, received });

/** What is visible but refused for its arguments is told why. */
function refuseTold(call: RefusedCall, { reason, text }: ToldRefusal): Refused {
  const named = call.name === undefined ? {} : { name: call.name };
  return { action: "refuse", reason, refusal: refuseFor(call, { reason, text }), ...named };
}

/** A task that is another's is as unknown as one that is not there. */
function refuseTask(
  call: RefusedCall,
  about: { info: MethodInfo; item: Item; context: DecisionContext },
): Refused | undefined {
  const { tasks, received, policy } = about.context;
  if (tasks === undefined || received === undefined) return undefined;
  // A method that the other era removed is none; a server that kept it would answer for tasks of others.
  if (!about.info.eras.includes(call.era))
    return { action: "refuse", reason: "MethodDenied", refusal: refuseDenied(call, "method") };
  const owner = ownerOf(received, call.era);
  if (!namesUnknownTask(about.info, about.item.message, { policy, tasks, owner, looker: lookerOf(about.context) }))
    return undefined;
  return { action: "refuse", reason: "TaskUnknown", refusal: refuseDenied(call, "task") };
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
      return {
        action: "refuse",
        reason: admission.reason,
        refusal: refuseLimit(call, admission),
        ...(admission.queue === undefined ? {} : { wait: admission.queue }),
        ...named,
      };
    case "deny":
      return refuseSubject(call, "tool");
  }
}

function refuseSize(call: RefusedCall, item: Item, allowed: number): Decision {
  const text = `The request has ${item.bytes.length} bytes; ${allowed} are allowed.`;
  return { action: "refuse", reason: "RequestTooLarge", refusal: refuseFor(call, { reason: "RequestTooLarge", text }) };
}

function decideUnknown(call: RefusedCall, context: DecisionContext): Decision {
  const verdict = judgeUnknownMethod(context.policy);
  if (verdict.action === "allow") return { action: "forward", reason: "Allowed" };
  return { action: "refuse", reason: verdict.reason, refusal: refuseDenied(call, "method") };
}

function refuseSubject(call: RefusedCall, kind: SubjectKind, reason?: Reason): Decision {
  const reasons = { tool: "ToolDenied", prompt: "PromptDenied", resource: "ResourceDenied" } as const;
  const named = call.name === undefined ? {} : { name: call.name };
  return { action: "refuse", reason: reason ?? reasons[kind], refusal: refuseDenied(call, kind), ...named };
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
