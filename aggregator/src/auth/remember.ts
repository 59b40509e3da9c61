/**
 * Remembers whose a credential is, by its hash and for as long as its verifier says, so that a stream of calls costs one verification. Bounded:
 * what was used longest ago goes first. Questions about one credential at the same time are one question.
 */
import { createHash } from "node:crypto";
import type { Verified, Verify } from "./verified.ts";

/** A verifier that remembers. `known`: what is remembered of a credential now, without asking anybody. */
export interface RememberingVerifier {
  readonly verify: Verify;
  readonly known: (credential: string) => Extract<Verified, { ok: true }> | undefined;
}

/** Most credentials that are remembered, each with some hundred bytes. */
const maxRemembered = 20_000;
/** How long it is remembered that a credential is wrong, ms: it spares a question for each retry of a client. */
const wrongMs = 10_000;

interface Kept {
  readonly verified: Verified;
  readonly untilMs: number;
}

/** Puts it before a verifier. */
export function createRemembering(ask: Verify, nowMs: () => number): RememberingVerifier {
  const kept = new Map<string, Kept>();
  const asking = new Map<string, Promise<Verified>>();
  const find = (key: string): Verified | undefined => {
    const entry = kept.get(key);
    kept.delete(key);
    if (entry === undefined || entry.untilMs <= nowMs()) return undefined;
    kept.set(key, entry);
    return entry.verified;
  };
  const keep = (key: string, verified: Verified): void => {
    if (!verified.ok && verified.problem === "unavailable") return;
    kept.set(key, { verified, untilMs: verified.ok ? verified.untilMs : nowMs() + wrongMs });
    const [oldest] = kept.keys();
    if (kept.size > maxRemembered && oldest !== undefined) kept.delete(oldest);
  };
  return {
    known: (credential) => {
      const verified = find(hashOf(credential));
      return verified?.ok === true ? verified : undefined;
    },
    verify: (credential) => {
      const key = hashOf(credential);
      const found = find(key);
      if (found !== undefined) return Promise.resolve(found);
      const running = asking.get(key);
      if (running !== undefined) return running;
      const asked = ask(credential)
        .then((verified) => {
          keep(key, verified);
          return verified;
        })
        .finally(() => asking.delete(key));
      asking.set(key, asked);
      return asked;
    },
  };
}

function hashOf(credential: string): string {
  return createHash("sha256").update(credential).digest("base64");
}
