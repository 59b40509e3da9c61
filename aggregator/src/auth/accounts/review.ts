/**
 * Asks the API server whose a ServiceAccount's token is (TokenReview), which also sees that the account or its pod is gone. Decides what its
 * silence means: nobody is let in, and nobody is told that the token is wrong.
 */
import { aggregatorAudience } from "@outrigger/api/caller";
import { createObjects, resources, type ClusterAccess } from "@outrigger/kube";
import type { Verify } from "../verified.ts";
import { readReview } from "./read-review.ts";

/** A review takes milliseconds; a caller that waits longer is better told to come again. */
const attemptMs = 5_000;

/** Creates it. `onFailure` hears why the API server could not be asked. */
export function createReview(options: {
  readonly access: ClusterAccess;
  readonly nowMs: () => number;
  readonly onFailure: (message: string) => void;
}): Verify {
  const objects = createObjects(options.access, { attempts: 2, attemptMs });
  return async (token) => {
    const spec = { token, audiences: [aggregatorAudience] };
    const outcome = await objects.create({ resource: resources.tokenReviews }, { spec });
    if (outcome.ok) {
      return readReview(outcome.object, { token, audience: aggregatorAudience, nowMs: options.nowMs() });
    }
    options.onFailure(outcome.failure.message);
    const message = "The API server can't be asked whose the token is; try again later.";
    return { ok: false, problem: "unavailable", message };
  };
}
