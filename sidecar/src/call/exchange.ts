/** What one exchange is made of: the data that the stages of a call hand to each other. No behaviour. */
import type { LimitState } from "@outrigger/policy";
import type { PolicyInForce } from "../bundle/policy-in-force.ts";
import type { Upstream } from "../upstream/upstream.ts";
import type { Outcome } from "./answer-body.ts";
import type { ByteBudget } from "./budget.ts";
import type { ClientSide } from "./client-side.ts";
import type { Deadlines } from "./deadlines.ts";
import type { Decision } from "./decide.ts";
import type { ForwardRules } from "./forward.ts";
import type { Recorder } from "./record.ts";
import type { Era, Item } from "./message.ts";

/** What the stages share; made once per process. */
export interface CallDeps {
  readonly server: string;
  readonly upstream: Upstream;
  readonly forward: ForwardRules;
  readonly policy: () => PolicyInForce;
  readonly limits: LimitState;
  readonly deadlines: Deadlines;
  readonly callTimeoutMs: number;
  readonly budget: ByteBudget;
  readonly recorder: Recorder;
  /** Monotonic clock in ms. */
  readonly now: () => number;
  /** Tells health how the server did. */
  readonly onOutcome: (outcome: Outcome) => void;
}

/** One request as it was received, from somebody who may talk to us. */
export interface Received {
  readonly method: "POST" | "GET" | "DELETE";
  /** Path and query for the server. */
  readonly path: string;
  readonly rawHeaders: readonly string[];
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer | undefined;
  readonly caller: string;
  readonly startedMs: number;
}

/** The two sides of an exchange. */
export interface Exchange {
  readonly received: Received;
  readonly client: ClientSide;
}

/** A message with what was decided about it. */
export interface Judged {
  readonly item: Item;
  readonly decision: Decision;
}

/** An exchange whose messages are all decided. `form`: GET and DELETE carry no message. */
export interface Decided extends Exchange {
  readonly era: Era;
  readonly form: "message" | "batch" | "none";
  readonly allowed: readonly (Judged & { readonly decision: Extract<Decision, { action: "forward" }> })[];
  readonly refused: readonly (Judged & { readonly decision: Extract<Decision, { action: "refuse" }> })[];
}

/** Handles of one running exchange, for the client's side. */
export interface RunningCall {
  readonly onDrain: () => void;
  readonly onGone: () => void;
}

/** The handles of an exchange that is answered already. */
export const answered: RunningCall = { onDrain: () => undefined, onGone: () => undefined };
