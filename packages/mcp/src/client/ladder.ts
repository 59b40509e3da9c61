/**
 * Finds out which era a server speaks: modern `server/discover` first, then legacy `initialize`, last the stream of the older
 * HTTP+SSE transport. A pure state machine: the caller sends what `step` says and tells what came back.
 * Source: MCP 2026-07-28 basic/lifecycle, "Version negotiation"; 2025-11-25 transports, "Backwards Compatibility".
 */
import { latestLegacy, legacyRevisions, modernRevision } from "../era/revisions.ts";
import type { JsonObject, RpcError } from "./response.ts";

/** What came back from a step. `status`: HTTP status, absent on stdio. */
export type LadderOutcome =
  | { readonly type: "result"; readonly result: JsonObject; readonly status?: number }
  | { readonly type: "error"; readonly error: RpcError; readonly status?: number }
  /** An HTTP status without a JSON-RPC body. */
  | { readonly type: "status"; readonly status: number }
  /** The stream that was asked for began with the event `endpoint`. */
  | { readonly type: "endpoint" }
  /** No answer in time, or no connection. */
  | { readonly type: "silence"; readonly reason: string };

/**
 * Where the ladder is. `send` names the next request; `listen` asks for a GET of an event stream, after a refusal that stands
 * unless the stream says otherwise. `sse`: the server speaks the older transport, over which the handshake is still to be made.
 */
export type LadderStep =
  | { readonly type: "send"; readonly method: "server/discover"; readonly version: string }
  | { readonly type: "send"; readonly method: "initialize"; readonly version: string }
  | { readonly type: "listen"; readonly refusal: string }
  | { readonly type: "sse" }
  | { readonly type: "modern"; readonly version: string; readonly discover: JsonObject }
  | { readonly type: "legacy"; readonly version: string; readonly initialize: JsonObject }
  | { readonly type: "failed"; readonly reason: string; readonly unauthorized: boolean };

/** A ladder under way; immutable. */
export interface Ladder {
  readonly transport: LadderTransport;
  readonly step: LadderStep;
}

/** How the server is asked. `any-http`: it may also be one that speaks the older HTTP+SSE transport alone. */
export type LadderTransport = "http" | "any-http" | "stdio";

/** The first step. */
export function startLadder(transport: LadderTransport): Ladder {
  return { transport, step: { type: "send", method: "server/discover", version: modernRevision } };
}

/** The ladder after an outcome; a ladder that has ended stays as it is. */
export function nextStep(ladder: Ladder, outcome: LadderOutcome): Ladder {
  const { step } = ladder;
  if (step.type === "listen") return { ...ladder, step: afterListen(step.refusal, outcome) };
  // What a stream begins with answers no request.
  if (step.type !== "send" || outcome.type === "endpoint") return ladder;
  if (step.method === "server/discover") return { ...ladder, step: afterDiscover(ladder, step.version, outcome) };
  const next = afterInitialize(outcome);
  const mayBeOlder = ladder.transport === "any-http" && next.type === "failed" && hintsAtOlder(outcome);
  return { ...ladder, step: mayBeOlder ? { type: "listen", refusal: next.reason } : next };
}

/** Statuses by which a server of the older transport refuses a POST to its stream's address. */
const olderStatuses: readonly (number | undefined)[] = [400, 404, 405];

function hintsAtOlder(outcome: Answered): boolean {
  return (outcome.type === "status" || outcome.type === "error") && olderStatuses.includes(outcome.status);
}

function afterListen(refusal: string, outcome: LadderOutcome): LadderStep {
  if (outcome.type === "endpoint") return { type: "sse" };
  if (outcome.type === "status" && isUnauthorized(outcome.status)) return refusedBy(outcome.status);
  return { type: "failed", reason: refusal, unauthorized: false };
}

/** What may come back from a request. */
type Answered = Exclude<LadderOutcome, { readonly type: "endpoint" }>;

const initialize: LadderStep = { type: "send", method: "initialize", version: latestLegacy };
const unsupportedVersion = -32_022;

function afterDiscover(ladder: Ladder, version: string, outcome: Answered): LadderStep {
  switch (outcome.type) {
    case "result": {
      const supported = outcome.result["supportedVersions"];
      if (!Array.isArray(supported)) return initialize;
      if (supported.includes(version)) return { type: "modern", version, discover: outcome.result };
      if (supported.some((revision) => legacyRevisions.includes(String(revision)))) return initialize;
      return {
        type: "failed",
        reason: `the server supports ${supported.join(", ")}, not ${version}`,
        unauthorized: false,
      };
    }
    case "error":
      return afterDiscoverError(outcome.error, outcome.status);
    case "status":
      return isNoEvidence(outcome.status) ? refusedBy(outcome.status) : initialize;
    case "silence":
      // A stdio server that does not know the method may stay silent; over HTTP silence says nothing about the era.
      return ladder.transport === "stdio"
        ? initialize
        : { type: "failed", reason: outcome.reason, unauthorized: false };
  }
}

function afterDiscoverError(error: RpcError, status: number | undefined): LadderStep {
  if (status !== undefined && (isUnauthorized(status) || isDelay(status))) return refusedBy(status);
  if (error.code !== unsupportedVersion) return initialize;
  const supported =
    typeof error.data === "object" && error.data !== null && "supported" in error.data ? error.data.supported : [];
  const isModern = Array.isArray(supported) && supported.includes(modernRevision);
  // The server is modern and refuses the one modern revision there is: only a legacy revision may be left.
  return isModern ? { type: "failed", reason: error.message, unauthorized: false } : initialize;
}

const isUnauthorized = (status: number): boolean => status === 401 || status === 403;

/** Too slow, too early, too many (408, 425, 429): the same request may be answered later. */
const isDelay = (status: number): boolean => [408, 425, 429].includes(status);

/** 5xx without a JSON-RPC body is a failure of something in between, 401 and 403 are about the caller. */
const isNoEvidence = (status: number): boolean => isUnauthorized(status) || isDelay(status) || status >= 500;

function refusedBy(status: number): LadderStep {
  return { type: "failed", reason: `the server answered with HTTP ${status}`, unauthorized: isUnauthorized(status) };
}

function afterInitialize(outcome: Answered): LadderStep {
  switch (outcome.type) {
    case "result": {
      const version = outcome.result["protocolVersion"];
      return typeof version === "string"
        ? { type: "legacy", version, initialize: outcome.result }
        : { type: "failed", reason: "the server's initialize result has no protocolVersion", unauthorized: false };
    }
    case "error":
      if (outcome.status !== undefined && isUnauthorized(outcome.status)) return refusedBy(outcome.status);
      return { type: "failed", reason: `initialize failed: ${outcome.error.message}`, unauthorized: false };
    case "status":
      return refusedBy(outcome.status);
    case "silence":
      return { type: "failed", reason: outcome.reason, unauthorized: false };
  }
}
