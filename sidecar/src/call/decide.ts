/** Decides one message with the one decision function: forward (and how to read the answer), or refuse. Stage before forwarding. */
import type { Reason } from "@outrigger/api/reasons";
import { findMethod, type MethodInfo, type ScannedMessage } from "@outrigger/mcp";
import {
  admit,
  admitJudged,
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
  const { name } = item.message;
  const call = describeCall({ item, era, context });
  return refuseTraffic(traffic.reason, name === undefined ? call : { ...call, name });
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
  const { method } = message;
  if (method === undefined || !isJudged(message)) return forwarded;
  const { maxRequestBytes } = context.policy;
  if (maxRequestBytes < item.bytes.length)
    return refuseSize(describeCall({ item, era, context }), item, maxRequestBytes);
  const info = findMethod(method);
  if (info === undefined) return decideUnknown({ item, era, context });
  return decideKnown({ info, item, era, context, method });
}

const forwarded: Decision = { action: "forward", reason: "Allowed" };

/** A message that is to be decided. */
interface Asked {
  readonly item: Item;
  readonly era: Era;
  readonly context: DecisionContext;
}

/** What a refusal says of the call; made only where there is one. */
function describeCall({ item, era, context }: Asked, name?: string): RefusedCall {
  const { method, idBytes } = item.message;
  return {
    era,
    server: context.server,
    ...(method === undefined ? {} : { method }),
    ...(idBytes === undefined ? {} : { idBytes }),
    ...(name === undefined ? {} : { name }),
  };
}

/** A method that is no notification of MCP may make a server work, also where nobody waits for an answer. */
function isJudged({ type, method }: ScannedMessage): boolean {
  return type === "request" || (type === "notification" && method?.startsWith("notifications/") === false);
}

function decideKnown(known: Known): Decision {
  const { info, item, context, method } = known;
  if (info.subject === "task" || info.subject === "listen") {
    const refused = refuseTask(known);
    if (refused !== undefined) return refused;
  }
  const subjects = subjectsOf(info, item);
  if (context.policy.needsView) return decideClosely(known, subjects);
  for (const subject of subjects)
    if (judge(context.policy, subject).action === "deny")
      return refuseSubject(describeCall(known, subject.name), subject.kind);
  const [subject] = subjects;
  const { policy, limits, caller, nowMs } = context;
  const facts = subject === undefined ? { method, caller, nowMs } : { method, caller, nowMs, subject };
  return conclude(admitJudged(policy, limits, facts), known, subject?.name);
}

/** A request of a method that the protocol defines. */
interface Known extends Asked {
  readonly info: MethodInfo;
  readonly method: string;
}

/** The same decision where policy asks for more than method and name. */
function decideClosely(known: Known, subjects: readonly Subject[]): Decision {
  const { item, context, method } = known;
  const { policy, limits, caller, nowMs } = context;
  const looker = lookerOf(context);
  for (const each of subjects) {
    const verdict = judge(policy, each, viewOf(each, looker, method));
    if (verdict.action === "deny") return refuseSubject(describeCall(known, each.name), each.kind, verdict.reason);
  }
  const [subject] = subjects;
  const name = subject?.name;
  const maxRequestBytes = boundRequest(policy, subject);
  if (item.bytes.length > maxRequestBytes) return refuseSize(describeCall(known, name), item, maxRequestBytes);
  const looked = { item, method, subject, looker, caller, nowMs };
  const told = inspectCall(policy, looked, context.counts);
  if (told !== undefined) return refuseTold(describeCall(known, name), told);
  const facts = subject === undefined ? {} : { subject, view: viewOf(subject, looker, method) };
  const admission = admit(policy, limits, { method, caller, nowMs, ...facts });
  if (admission.action !== "allow") return conclude(admission, known, name);
  const tried = tryOut(policy, looked, { limits, counts: context.counts });
  const ticket = tried === undefined ? admission.ticket : { held: [...admission.ticket.held, ...tried.held] };
  return conclude({ action: "allow", ticket }, known, name);
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
function refuseTask(known: Known): Refused | undefined {
  const { info, item, era, context } = known;
  const { tasks, received, policy } = context;
  if (tasks === undefined || received === undefined) return undefined;
  // A method that the other era removed is none; a server that kept it would answer for tasks of others.
  if (!info.eras.includes(era))
    return { action: "refuse", reason: "MethodDenied", refusal: refuseDenied(describeCall(known), "method") };
  const owner = ownerOf(received, era);
  if (!namesUnknownTask(info, item.message, { policy, tasks, owner, looker: lookerOf(context) })) return undefined;
  return { action: "refuse", reason: "TaskUnknown", refusal: refuseDenied(describeCall(known), "task") };
}

function conclude(admission: Admission, known: Known, name: string | undefined): Decision {
  if (admission.action === "allow") return forward(admission.ticket, known.info, name);
  const call = describeCall(known, name);
  const named = name === undefined ? {} : { name };
  switch (admission.action) {
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

function forward(ticket: Ticket, { list }: MethodInfo, name: string | undefined): Decision {
  const decision = { action: "forward", reason: "Allowed", ticket } as const;
  if (name === undefined) return list === undefined ? decision : { ...decision, list };
  return list === undefined ? { ...decision, name } : { ...decision, name, list };
}

function decideUnknown(asked: Asked): Decision {
  const verdict = judgeUnknownMethod(asked.context.policy);
  if (verdict.action === "allow") return forwarded;
  return { action: "refuse", reason: verdict.reason, refusal: refuseDenied(describeCall(asked), "method") };
}

function refuseSubject(call: RefusedCall, kind: SubjectKind, reason?: Reason): Decision {
  const reasons = { tool: "ToolDenied", prompt: "PromptDenied", resource: "ResourceDenied" } as const;
  const named = call.name === undefined ? {} : { name: call.name };
  // What a revision has not is absent as a method, whatever it names.
  const isOfEra = findMethod(call.method ?? "")?.eras.includes(call.era) !== false;
  const absent = isOfEra ? kind : "method";
  return { action: "refuse", reason: reason ?? reasons[kind], refusal: refuseDenied(call, absent), ...named };
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
