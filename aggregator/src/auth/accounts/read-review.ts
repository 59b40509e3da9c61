/**
 * What an answer to a TokenReview says of a token: the ServiceAccount whose it is, where it was made for us. Pure.
 * Source: Kubernetes API authentication.k8s.io/v1, "TokenReviewStatus": without our audience in it, nobody has looked at audiences.
 */
import type { RawTokenReview } from "@outrigger/kube";
import type { Principal } from "../principal.ts";
import { invalid, type Verified } from "../verified.ts";

/** Longest time in ms for which an answer is remembered: so long a token lives on whose ServiceAccount or pod is gone. */
const reviewMs = 60_000;

const accountForm = /^system:serviceaccount:([a-z0-9.-]+):([a-z0-9.-]+)$/;
/** What the API server says of tokens that are bound to a pod. */
const podExtra = "authentication.kubernetes.io/pod-name";

/** Reads it. `token` is asked for its end alone, which the API server has vouched for by then. */
export function readReview(
  { status = {} }: RawTokenReview,
  asked: { readonly token: string; readonly audience: string; readonly nowMs: number },
): Verified {
  if (status.authenticated !== true) return invalid("The API server does not take the token for one of its own.");
  if (status.audiences?.includes(asked.audience) !== true) {
    return invalid(`The token was not made for the audience ${JSON.stringify(asked.audience)}.`);
  }
  const principal = readAccount(status.user ?? {});
  if (principal === undefined) return invalid("The token is none of a ServiceAccount.");
  return { ok: true, principal, untilMs: Math.min(asked.nowMs + reviewMs, readEndMs(asked.token)) };
}

type ReviewedUser = NonNullable<NonNullable<RawTokenReview["status"]>["user"]>;

function readAccount({ username = "", groups = [], extra = {} }: ReviewedUser): Principal | undefined {
  const [, namespace, name] = accountForm.exec(username) ?? [];
  if (namespace === undefined || name === undefined) return undefined;
  const pod = extra[podExtra]?.[0];
  const claims = { namespace, serviceAccount: name, ...(pod === undefined ? {} : { pod }) };
  return { kind: "ServiceAccount", name: `${namespace}/${name}`, groups, claims };
}

/** When a token ends, ms since the epoch; at once where it does not say. */
function readEndMs(token: string): number {
  try {
    const payload: unknown = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString("utf8"));
    const end = typeof payload === "object" && payload !== null && "exp" in payload ? payload.exp : undefined;
    return typeof end === "number" ? end * 1_000 : 0;
  } catch {
    return 0;
  }
}
