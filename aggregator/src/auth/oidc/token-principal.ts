/**
 * Whom the claims of a verified token name, and whether its scopes are enough. Decides which names are left to others. Pure.
 * Source: RFC 9068 (profile of access tokens), RFC 8693 section 4.2 (`scope`).
 */
import type { Principal } from "../principal.ts";
import { invalid, type Verified } from "../verified.ts";
import type { Issuer } from "./issuers.ts";

/** Claims of a token whose signature, issuer, audience and times are right. */
export type Claims = Readonly<Record<string, unknown>>;

/** Longest time in ms for which a token is remembered: so long one lives on whose key was withdrawn. */
const rememberMs = 60_000;

const maxNameChars = 512;
const maxGroups = 256;
/** Names that API keys and certificates give, and Kubernetes keeps for itself. */
const reserved = /^(?:key|uri|email|dns|cn|system):/;

/** Reads them. */
export function readPrincipal(claims: Claims, issuer: Issuer, nowMs: number): Verified {
  const missing = issuer.scopes.filter((scope) => !readScopes(claims).includes(scope));
  if (missing.length > 0) {
    const message = `The token lacks the scope ${missing.join(" ")}.`;
    return { ok: false, problem: "insufficient", message, scopes: issuer.scopes };
  }
  const named = claims[issuer.name];
  if (typeof named !== "string" || named === "" || named.length > maxNameChars) {
    return invalid(`The token has no text in its claim ${issuer.name}, which names the caller.`);
  }
  if (issuer.name === "email" && claims["email_verified"] === false) {
    return invalid("The issuer has not verified the email address of the token.");
  }
  const name = issuer.prefix + named;
  if (reserved.test(name)) return invalid("The token names a caller by a name that other credentials give.");
  const principal: Principal = {
    kind: "User",
    name,
    groups: readTexts(claims[issuer.groups])
      .slice(0, maxGroups)
      .map((group) => issuer.prefix + group)
      .filter((group) => !reserved.test(group)),
    claims: Object.fromEntries(
      issuer.claims.flatMap((claim) => (claims[claim] === undefined ? [] : [[claim, claims[claim]]])),
    ),
  };
  const endMs = typeof claims["exp"] === "number" ? claims["exp"] * 1_000 : 0;
  return { ok: true, principal, untilMs: Math.min(nowMs + rememberMs, endMs) };
}

/** `scope` is a text of words; some issuers have `scp`, a text or a list. */
function readScopes({ scope, scp }: Claims): readonly string[] {
  return [scope, scp].flatMap((each) => (typeof each === "string" ? each.split(" ") : readTexts(each)));
}

function readTexts(value: unknown): readonly string[] {
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  return values.filter((each): each is string => typeof each === "string" && each !== "");
}
