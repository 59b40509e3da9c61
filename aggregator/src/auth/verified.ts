/** What came of looking at one credential: the form in which each way of identifying answers. Types alone. */
import type { Principal } from "./principal.ts";

/** The ways in which callers can be identified, as `--auth` names them. */
export const authMethods = ["oidc", "service-account", "api-key", "mtls", "none"] as const;

export type AuthMethod = (typeof authMethods)[number];

/**
 * A credential that was looked at. `untilMs`: how long the answer may be remembered, ms since the epoch. `problem`: it is not right, it is
 * right and not enough, or nobody could tell. `message` is for the caller and for the log, and never holds any of the credential. `method`: who
 * looked at it; absent where nobody was there to look.
 */
export type Verified =
  | { readonly ok: true; readonly principal: Principal; readonly untilMs: number; readonly method?: AuthMethod }
  | {
      readonly ok: false;
      readonly method?: AuthMethod;
      readonly problem: "invalid" | "insufficient" | "unavailable";
      readonly message: string;
      /** The scopes that would be enough, of what is insufficient. */
      readonly scopes?: readonly string[];
    };

/** Looks at one credential. Never rejects. */
export type Verify = (credential: string) => Promise<Verified>;

/** The outcome for a credential that is not right. */
export function invalid(message: string): Verified {
  return { ok: false, problem: "invalid", message };
}
