/** Puts what became of credentials into reasons, sentences and times. Pure. */
import type { UpstreamFailure } from "../upstream/upstream.ts";
import type { TokenFailure } from "./token-answer.ts";

/** Why the sidecar's own credentials are of no use now. `by`: who would not take them. */
export interface Trouble {
  readonly reason: "UpstreamCredentialsUnavailable" | "UpstreamCredentialsRefused";
  readonly message: string;
  readonly by: "server" | "issuer";
}

/** The trouble of a failure. */
export const troubleOf = (kind: TokenFailure["kind"], message: string, by: Trouble["by"] = "server"): Trouble => ({
  ...{ reason: reasonOf(kind), message, by },
});

/** When a call may be tried again where nobody says it: a person has to do something first. */
const usualWaitMs = 10_000;

/** The failure of a call. `waitMs`: when another try is worth it. */
export function failureOf(kind: TokenFailure["kind"], message: string, waitMs: number | undefined): UpstreamFailure {
  return { reason: reasonOf(kind), message, sent: false, retryAfterMs: Math.max(1, Math.ceil(waitMs ?? usualWaitMs)) };
}

const reasonOf = (kind: TokenFailure["kind"]): Trouble["reason"] => `UpstreamCredentials${kind}`;

/** The failure of a call in nobody's name, where each is made in its caller's. */
export const unnamed: UpstreamFailure = {
  reason: "CallerUnverified",
  message: "this server is called in the name of who calls, and nobody vouches for this caller",
  sent: false,
};
