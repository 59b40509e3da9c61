/** What one exchange is made of: the data that the stages of a call hand to each other. No behaviour. */
import type { LimitState } from "@outrigger/policy";
import type { PolicyInForce } from "../bundle/policy-in-force.ts";
import type { FloodGate } from "../intake/flood.ts";
import type { Upstream } from "../upstream/upstream.ts";
import type { Outcome } from "./answer-body.ts";
import type { ByteBudget } from "./budget.ts";
import type { Callers } from "./callers.ts";
import type { ClientSide } from "./client-side.ts";
import type { Deadlines } from "./deadlines.ts";
import type { Decision } from "./decide.ts";
import type { ForwardRules } from "./forward.ts";
import type { ControlCounts } from "./inspect/counts.ts";
import type { ToolBook } from "./inspect/look.ts";
import type { Received } from "./received.ts";
import type { CallRecord, Recorder } from "./record.ts";
import type { Era, Item } from "./message.ts";
import type { RunningCall } from "./running-call.ts";
import type { TaskTable } from "./tasks.ts";
import type { Waiting } from "./waiting.ts";

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
  /** Who is told of calls beside metrics: audit lines, traces. Undefined where nobody is. */
  readonly telemetry?: CallTelemetry | undefined;
  /** Monotonic clock in ms. */
  readonly now: () => number;
  /** Which tasks are whose; absent where nobody keeps account. */
  readonly tasks?: TaskTable;
  /** Who is vouched for; absent where nobody can be. */
  readonly callers?: Callers;
  /** Where calls wait for others to end; absent where they are refused instead. */
  readonly waiting?: Waiting;
  /** Counts over all replicas; absent where each pod counts for itself. */
  readonly fleet?: Fleet;
  /** Refuses addresses that send too much, unread; absent where there is no bound. */
  readonly flood?: FloodGate;
  /** The longest time of a whole call, in ms; absent where only silence ends it. */
  readonly callDeadlineMs?: number;
  /** Approved definitions of tools; absent where none are kept. */
  readonly book?: ToolBook;
  /** Counts what policy does beside refusing. */
  readonly counts?: ControlCounts;
  /** Tells health how the server did. */
  readonly onOutcome: (outcome: Outcome) => void;
}

/** The two sides of an exchange, and the policy that it is decided by. */
export interface Exchange {
  readonly received: Received;
  readonly client: ClientSide;
  readonly policy: PolicyInForce;
  /** Present where more is told of it than its end. */
  readonly watched?: Watched;
}

/** What is told of a call beside its metrics. */
export interface CallTelemetry {
  /** Takes over an exchange that is about to be forwarded or refused; gives it back, to be used in its place. */
  readonly watch: (exchange: Decided) => Decided;
  /** One message of an exchange has come to its end. */
  readonly record: (exchange: Told, call: CallRecord) => void;
}

/** What is told from: an exchange, or a request that was refused before it became one. */
export interface Told extends Pick<Exchange, "policy" | "watched"> {
  readonly received: Pick<Received, "headers">;
}

/** What watches one exchange. */
export interface Watched {
  readonly span?: CallSpan;
  readonly answer?: KeptAnswer;
}

/** The spans of one exchange. */
export interface CallSpan {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** The headers for the server, with this span as the one that it is called from. */
  readonly headers: (forward: readonly string[]) => readonly string[];
  /** One message has come to its end; the last ends the spans. */
  readonly end: (call: CallRecord, answer: KeptAnswer | undefined) => void;
}

/** What is kept of an answer. `bytes`: its beginning; `sha256`: of the whole so far, hex. */
export interface KeptAnswer {
  readonly contentType: () => string | undefined;
  readonly bytes: () => Buffer;
  readonly isWhole: () => boolean;
  readonly sha256: () => string;
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

/** Counts over all replicas. */
export interface Fleet {
  /** Counts what is allowed of an exchange, and goes on with what is left of it. */
  readonly count: (deps: CallDeps, decided: Decided, next: (decided: Decided) => RunningCall) => RunningCall;
}
