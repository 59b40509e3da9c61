/**
 * Who makes a request: the order in which credentials are looked at, and what each outcome means for the caller. A credential that is there and
 * wrong is never passed over for another one. Whoever is remembered is let in without a question; whoever was wrong too often waits.
 */
import type { IncomingMessage } from "node:http";
import type { WireReason } from "@outrigger/api/errors";
import { isApiKey } from "@outrigger/api/api-key";
import type { Attempts } from "./attempts.ts";
import { readCredential } from "./credentials.ts";
import { anonymous, type Principal } from "./principal.ts";
import type { RememberingVerifier } from "./remember.ts";
import { invalid, type AuthMethod, type Verified } from "./verified.ts";

/** What is decided of a request. `method`: by which it was; absent where none applies. `error`: as a challenge names it. */
export type Authenticated =
  | { readonly ok: true; readonly principal: Principal; readonly method?: AuthMethod }
  | {
      readonly ok: false;
      readonly method?: AuthMethod;
      readonly reason: WireReason;
      readonly message: string;
      readonly error?: "invalid_request" | "invalid_token" | "insufficient_scope";
      readonly scopes?: readonly string[];
      readonly retryAfterSeconds?: number;
    };

/** The ways that are on. Each is absent where its method is off. */
export interface AuthWays {
  /** Tokens: JWT of issuers and of ServiceAccounts. */
  readonly tokens?: RememberingVerifier | undefined;
  readonly holderOfKey?: ((key: string) => Principal | undefined) | undefined;
  /** Whom the certificate of the connection, or of a trusted proxy's header, names. */
  readonly bearerOfCertificate?: ((request: IncomingMessage) => Principal | undefined) | undefined;
  readonly attempts: Attempts;
  readonly nowMs: () => number;
}

/** Decides who makes a request. `address`: where it comes from. */
export type Authenticate = (request: IncomingMessage, address: string) => Promise<Authenticated>;

/** Everybody is nobody in particular. */
export const admitEverybody: Authenticate = () => Promise.resolve({ ok: true, principal: anonymous, method: "none" });

/** Puts the ways in their order. */
export function createAuthenticate(ways: AuthWays): Authenticate {
  return async (request, address) => {
    const presented = readCredential(request);
    if (presented.kind === "malformed") {
      return { ok: false, reason: "RequestMalformed", message: presented.message, error: "invalid_request" };
    }
    if (presented.kind === "none") {
      const principal = ways.bearerOfCertificate?.(request);
      if (principal !== undefined) return { ok: true, principal, method: "mtls" };
      return { ok: false, reason: "CredentialsMissing", message: "Say who you are: send a credential." };
    }
    return lookAt(ways, presented.text, address);
  };
}

async function lookAt(ways: AuthWays, credential: string, address: string): Promise<Authenticated> {
  const { attempts, tokens, nowMs } = ways;
  const known = tokens?.known(credential);
  if (known !== undefined) return known;
  const waitMs = attempts.waitMs(address, nowMs());
  if (waitMs > 0) {
    const message = "Too many wrong credentials came from this address; try again later.";
    return { ok: false, reason: "FloodLimited", message, retryAfterSeconds: Math.ceil(waitMs / 1_000) };
  }
  const verified = await verify(ways, credential);
  if (verified.ok) return verified;
  const { problem, message, method } = verified;
  const refused = { ok: false, message, ...(method === undefined ? {} : { method }) } as const;
  if (problem === "unavailable") return { ...refused, reason: "IdentityUnavailable", retryAfterSeconds: 5 };
  if (problem === "insufficient") {
    const { scopes = [] } = verified;
    return { ...refused, reason: "InsufficientScope", error: "insufficient_scope", scopes };
  }
  attempts.fail(address, nowMs());
  return { ...refused, reason: "CredentialsInvalid", error: "invalid_token" };
}

async function verify({ tokens, holderOfKey, nowMs }: AuthWays, credential: string): Promise<Verified> {
  if (isApiKey(credential)) {
    if (holderOfKey === undefined) return invalid("API keys are not taken here.");
    const principal = holderOfKey(credential);
    const method = "api-key";
    if (principal === undefined) return { ...invalid("Nobody holds this API key."), method };
    return { ok: true, principal, untilMs: nowMs(), method };
  }
  return tokens === undefined ? invalid("Tokens are not taken here.") : tokens.verify(credential);
}

/** Who looks at a token: the issuer that it names where that is a trusted one, else the API server. */
export function chooseVerifier(
  issuer: string | undefined,
  on: { readonly methods: ReadonlySet<AuthMethod>; readonly issuers: ReadonlySet<string> },
): "oidc" | "service-account" | undefined {
  // What is no JWT is none of a ServiceAccount either, and the API server is not asked about it.
  if (issuer === undefined) return undefined;
  if (on.methods.has("oidc") && on.issuers.has(issuer)) return "oidc";
  return on.methods.has("service-account") ? "service-account" : undefined;
}
