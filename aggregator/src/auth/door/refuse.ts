/**
 * How the door refuses: what was decided of a request as an answer, with the challenge that tells a client what it needs, in the form that its path
 * answers in.
 */
import type { ServerResponse } from "node:http";
import { wireErrors, type WireReason } from "@outrigger/api/errors";
import { refuseFor, sendError, type Refusal } from "../../endpoint/respond.ts";
import type { Authenticated } from "../authenticate.ts";
import { writeChallenge, type Challenge } from "./metadata.ts";

/** A refusal with its reason. */
export interface RefusedAtDoor extends Refusal {
  readonly reason: WireReason;
}

/** The refusal of a request whose caller is not known. `challenged`: what was asked for, and under which address. Pure. */
export function refusalOf(
  { reason, message, error, scopes, retryAfterSeconds }: Extract<Authenticated, { ok: false }>,
  challenged: Pick<Challenge, "path" | "address" | "hasIssuers">,
): RefusedAtDoor {
  const isChallenge = wireErrors[reason].httpStatus === 401 || error !== undefined;
  return {
    ...refuseFor(reason, message),
    reason,
    ...(isChallenge ? { authenticate: writeChallenge({ ...challenged, error, message, scopes }) } : {}),
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
  };
}

/** Sends it. The read API has errors of its own form. */
export function sendRefusal(res: ServerResponse, path: string, refusal: RefusedAtDoor): void {
  if (!path.startsWith("/api/")) {
    sendError(res, refusal);
    return;
  }
  const { status, reason, message, authenticate, retryAfterSeconds } = refusal;
  const headers = {
    "content-type": "application/json; charset=utf-8",
    ...(authenticate === undefined ? {} : { "www-authenticate": authenticate }),
    ...(retryAfterSeconds === undefined ? {} : { "retry-after": String(retryAfterSeconds) }),
  };
  res.writeHead(status, headers).end(JSON.stringify({ error: { reason, message } }));
}
