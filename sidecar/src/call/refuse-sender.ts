/** Refuses a request for who sends it, before its body is read: addresses that send too much, callers whom nobody vouches for rightly. */
import type { WireReason } from "@outrigger/api/errors";
import type { Visit } from "../downstream/visit.ts";
import type { CallDeps } from "./exchange.ts";
import { refuseFor, type Refusal } from "./refuse.ts";

/** The answer, and why. */
type RefusedSender = Refusal & { readonly reason: WireReason };

/** The refusal that fits a request's sender, or undefined where it may go on. */
export function refuseSender(deps: CallDeps, { headers, peer }: Visit): RefusedSender | undefined {
  const waitMs = deps.flood?.arrive(peer ?? "") ?? 0;
  if (waitMs > 0) return refuseFlood(deps, waitMs);
  return deps.callers?.identify(headers) === "unverified" ? refuseCaller(deps) : undefined;
}

/** Nothing of the request is read, so the connection can't serve another. */
function refuseFlood({ server }: CallDeps, waitMs: number): RefusedSender {
  const text = `Too many requests come from your address (limit "flood-rate"). Wait ${Math.ceil(waitMs / 1_000)} s and try again.`;
  const why = { reason: "FloodLimited", text, limit: "flood-rate", retryAfterMs: waitMs } as const;
  const refusal = refuseFor({ era: "legacy", server }, why);
  return { ...refusal, headers: [...refusal.headers, "connection", "close"], reason: why.reason };
}

function refuseCaller({ server }: CallDeps): RefusedSender {
  const text = "Unauthorized: the caller's assertion is not valid for this server.";
  const refusal = refuseFor({ era: "legacy", server }, { reason: "CallerUnverified", text });
  const headers = [...refusal.headers, "www-authenticate", "Outrigger-Caller"];
  return { ...refusal, headers, reason: "CallerUnverified" };
}
