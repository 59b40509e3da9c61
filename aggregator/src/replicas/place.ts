/**
 * Which replica serves a session: the one that opened it while it is there; after that the one that rendezvous hashing names, so that all
 * replicas name the same one without asking each other, and the end of another changes nothing. Pure.
 * Source: Thaler and Ravishankar 1998, "Using name-based mappings to increase hit rates".
 */
import { createHash } from "node:crypto";
import type { Handle } from "./handle.ts";

/** The replicas as one of them sees them, itself included; each by its address. */
export interface Members {
  /** Those that take sessions over. */
  readonly ready: readonly string[];
  /** Those that may still serve what they hold, also such as are starting or leaving; undefined while that is not known. */
  readonly listed: readonly string[] | undefined;
}

/** What is known beside the members: who could not be reached just now, and the time. */
export interface PlaceFacts {
  readonly away: ReadonlySet<string>;
  readonly nowMs: number;
}

/** The news of a replica may take so long to all others; until then whoever has opened a session is believed to be there. */
const newsMs = 10_000;

/** Names the replica for a session. Undefined: nobody can serve it. */
export function placeSession(
  { id, owner, kind, greeting, bornMs }: Omit<Handle, "endpoint" | "principal" | "expiresMs">,
  { ready, listed }: Members,
  { away, nowMs }: PlaceFacts,
): string | undefined {
  const mayBeThere = listed?.includes(owner) ?? true;
  if ((mayBeThere || nowMs - bornMs < newsMs) && !away.has(owner)) return owner;
  // What lives with a stream has ended with it; what nobody can greet again can't go on.
  if (kind === "stream" || greeting === undefined) return undefined;
  return rank(id, ready).find((member) => !away.has(member));
}

/** The members, best first for this id. */
export function rank(id: string, members: readonly string[]): readonly string[] {
  const weighed = [...new Set(members)].map((member) => ({ member, weight: weigh(id, member) }));
  return weighed.toSorted((a, b) => Buffer.compare(b.weight, a.weight)).map(({ member }) => member);
}

function weigh(id: string, member: string): Buffer {
  return createHash("sha256").update(`${id}\n${member}`).digest();
}
