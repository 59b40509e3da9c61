/**
 * A request that was decided, on its way to a server and back: told of, relayed, put in rounds where the server asks first, and its answer
 * with the URIs that this caller knows. The same for every method.
 */
import { withoutSecrets } from "@outrigger/runtime/audit-text";
import { idOf } from "../../auth/principal.ts";
import type { Offers } from "../../catalog/offers.ts";
import type { CallTarget } from "../../catalog/target.ts";
import { isTask } from "../../route/bridge.ts";
import type { CallOutcome } from "../../route/failure.ts";
import type { CallerVoice, RelayedRequest } from "../../route/request.ts";
import { mayHold } from "../rounds/held/may-hold.ts";
import { nameAsker } from "../rounds/asked.ts";
import { sendInRounds } from "../rounds/rounds.ts";
import type { CallTold, EndpointParts, Invocation } from "../tools/invocation.ts";
import { offersOf } from "./offers-of.ts";
import { spellUris } from "./spell-uris.ts";

/** What is relayed, and to what. */
export interface DecidedRequest {
  readonly target: CallTarget;
  readonly request: RelayedRequest;
  /** The one replica that can serve it, by its sidecar's key. */
  readonly at?: string;
}

/** Relays it. Rejects when the caller has gone. */
export async function relayRequest(
  parts: EndpointParts,
  { target, request, at }: DecidedRequest,
  invocation: Invocation,
): Promise<CallOutcome> {
  const { caller, principal, era, voice, retry, signal, operation } = invocation;
  const { requestId } = operation;
  const {
    headers,
    meta,
    end,
    retried: onRetry,
  } = operation.route(target, {
    method: request.method,
    meta: invocation.meta,
  });
  const startedMs = parts.nowMs();
  const tell = (outcome: CallTold["outcome"]): void => {
    parts.metrics.countCall(outcome);
    const { kind, namespace, server } = target;
    const name = kind === "resource" ? withoutSecrets(target.name) : target.name;
    parts.onCall({ requestId, namespace, server, tool: name, outcome, durationMs: parts.nowMs() - startedMs });
  };
  const askedBy = (): string | undefined => (offers().serverCount > 1 ? target.server : undefined);
  let answeredBy = "";
  const call = {
    ...(at === undefined ? {} : { at }),
    onResult: (key: string): void => {
      answeredBy = key;
    },
    target,
    voice: nameAsking(voice, askedBy),
    meta,
    headers,
    caller,
    principal,
    callerEra: era,
    requestId,
    onRetry,
    signal,
  };
  // Most answers ask for nothing and name no resource.
  const offers = (): Offers => offersOf(parts.state.catalogue(), parts.decision);
  try {
    const answered = await sendInRounds({
      ...{ era, voice: call.voice, retry, signal, states: parts.states },
      owner: { caller: idOf(principal), target, request },
      askedBy,
      holds: parts.holds,
      mayHold: () => mayHold(parts.state.replicasOf(target), voice),
      send: (sent, round) => parts.relay.call({ ...call, ...round, request: sent }),
    });
    const spelled = answered.kind === "error" ? answered : spellOutcome(answered, (uri) => offers().spell(target, uri));
    const { namespace, server, name: tool } = target;
    const outcome = hideTaskId(spelled, (taskId) =>
      parts.tasks.seal({ caller: idOf(principal), namespace, server, tool, taskId, replica: answeredBy }),
    );
    tell(nameOutcome(outcome));
    end(outcome);
    return outcome;
  } catch (error) {
    tell("cancelled");
    end({ kind: "cancelled" });
    throw error;
  }
}

/** The voice, whose questions name the server that asks: a person who is asked decides by that. */
function nameAsking(voice: CallerVoice, askedBy: () => string | undefined): CallerVoice {
  const { ask } = voice;
  return ask === undefined ? voice : { ...voice, ask: (request, signal) => ask(nameAsker(request, askedBy()), signal) };
}

function spellOutcome(
  { result }: Extract<CallOutcome, { kind: "result" }>,
  spell: (uri: string) => string,
): CallOutcome {
  return { kind: "result", result: spellUris(result, spell) };
}

/** A task is named by an id that leads back to it, and is of use to this caller alone. */
function hideTaskId(outcome: CallOutcome, sealId: (taskId: string) => string): CallOutcome {
  if (outcome.kind === "error" || !isTask(outcome.result)) return outcome;
  return { kind: "result", result: { ...outcome.result, taskId: sealId(outcome.result.taskId) } };
}

function nameOutcome(outcome: CallOutcome): "ok" | "tool_error" | "error" {
  if (outcome.kind === "error") return "error";
  return outcome.result["isError"] === true ? "tool_error" : "ok";
}
