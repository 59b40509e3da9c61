/**
 * The duty "assertions": the keys with which the aggregator vouches for callers exist and are replaced in time. The Secret is the aggregator's
 * to mount and nobody else's; the public halves go into every signed policy. A new key comes beside the one before: the aggregator signs for
 * each sidecar with the newest that it trusts, so nothing has to wait for anything.
 */
import { assertionObject } from "@outrigger/api/cluster-objects";
import type { Logger } from "@outrigger/runtime/logger";
import type { PublicJwk } from "@outrigger/runtime/jws";
import type { DutyResult } from "../duty.ts";
import { applyStep, type TrustPlace } from "../trust/apply.ts";
import { observeTrust, type TrustKeys } from "../trust/observe.ts";
import { decideTrust, toJwks, type TrustTimes } from "../trust/reconcile.ts";

/** What the duty works with. */
export interface AssertionParts extends Omit<TrustPlace, "nowMs" | "alsoWrite"> {
  readonly nowMs: () => number;
  readonly times: TrustTimes;
  readonly logger: Logger;
  /** The public halves, newest first: they are known, or are other ones than before. */
  readonly onKeys: (keys: readonly PublicJwk[]) => void;
}

/** How often the age of a key is looked at, ms. */
const checkMs = 60_000;

/** The keys as the aggregator reads them: private halves, newest first. */
function writeSigningKeys({ current, previous }: TrustKeys): Readonly<Record<string, string>> {
  const keys = [current, ...(previous === undefined ? [] : [previous])];
  return { [assertionObject.keysMember]: JSON.stringify({ keys }) };
}

/** Creates one run of the duty. */
export function createAssertionRun(parts: AssertionParts): () => Promise<DutyResult> {
  let told = "";
  return async () => {
    const { times, logger } = parts;
    const place: TrustPlace = { ...parts, nowMs: parts.nowMs(), alsoWrite: writeSigningKeys };
    const observed = await observeTrust(place.objects, place);
    if (!observed.ok) return { problems: [observed.failure.message] };
    // No pod trusts a key for its life: policies name them, and policies are replaced in running pods.
    const step = decideTrust(observed.trust, { pinned: [], nowMs: place.nowMs }, times);
    const applied = await applyStep(observed.trust, step, place);
    if (!applied.ok) return { problems: [applied.failure.message] };
    if (step !== "keep")
      logger.info({ step, kid: applied.keys.current.kid }, "the keys that vouch for callers changed");
    const { keys } = toJwks(applied.keys);
    const ids = keys.map(({ kid }) => kid).join(" ");
    if (ids !== told) parts.onKeys(keys);
    told = ids;
    return { problems: [], nextMs: Math.min(checkMs, times.overlapMs) };
  };
}
