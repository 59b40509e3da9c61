/** The request as it came through the door: the unit that decisions about callers are made from. No behaviour. */
import type { CallerAssertion } from "@outrigger/api/caller";

/** One request as it was received, from somebody who may talk to us. */
export interface Received {
  readonly method: "POST" | "GET" | "DELETE";
  /** Path and query for the server. */
  readonly path: string;
  readonly rawHeaders: readonly string[];
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer | undefined;
  /** Opaque stable id of whoever calls. */
  readonly caller: string;
  /** What was vouched for of the caller; absent for one that is known by address only. */
  readonly assertion?: CallerAssertion;
  readonly startedMs: number;
}
