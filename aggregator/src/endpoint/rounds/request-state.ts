/**
 * The state of a request that a modern server has answered with questions, on its way through the caller: sealed, so that it comes back
 * unchanged, from the same caller, for the same request, to the same server, and in time. Source: MCP 2026-07-28 basic/patterns/mrtr.
 */
import { createHash } from "node:crypto";
import { rpcCodes } from "@outrigger/api/errors";
import type { RpcError } from "@outrigger/mcp";
import type { CallTarget } from "../../catalog/target.ts";
import type { Seal } from "../../replicas/seal.ts";
import type { RelayedRequest } from "../../route/request.ts";

/** What a state belongs to. `caller`: the id of its principal. */
export interface StateOwner {
  readonly caller: string;
  readonly target: CallTarget;
  readonly request: RelayedRequest;
}

/** Seals states and opens them. */
export interface RequestStates {
  readonly seal: (owner: StateOwner, state: string) => string;
  /** The server's own state; undefined for what was not sealed for this owner, or too long ago. */
  readonly open: (owner: StateOwner, sealed: unknown) => string | undefined;
}

/** The refusal of a state that nobody sealed for its bearer, or too long ago. */
export const refuseState: RpcError = { code: rpcCodes.invalidParams, message: "Invalid or expired requestState" };

/** How long in ms a caller may take to answer: as long as people take to be asked. */
export const stateLifeMs = 15 * 60_000;

/** Creates them. */
export function createRequestStates({
  seal,
  nowMs,
}: {
  readonly seal: Seal;
  readonly nowMs: () => number;
}): RequestStates {
  return {
    seal: (owner, state) => {
      const written = { o: digestOwner(owner), s: state, e: nowMs() + stateLifeMs };
      return seal.seal("state", Buffer.from(JSON.stringify(written)));
    },
    open: (owner, sealed) => {
      const opened = typeof sealed === "string" ? seal.open("state", sealed) : undefined;
      if (opened === undefined) return undefined;
      // Sealed above, and by nobody else.
      const { o, s, e } = JSON.parse(opened.toString("utf8")) as { o: string; s: string; e: number };
      return o === digestOwner(owner) && e > nowMs() ? s : undefined;
    },
  };
}

/** The same text for the same caller, server and request, however often the caller makes it. */
export function digestOwner({ caller, target, request }: StateOwner): string {
  const owned = [caller, target.namespace, target.server, request.method, request.params];
  return createHash("sha256").update(JSON.stringify(owned)).digest("base64url");
}
