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
import type { ListCache } from "./list-cache.ts";
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
  /** Lists that were filtered before; absent where each is filtered anew. */
  readonly lists?: ListCache;
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
  /** Streams of the server's own messages; absent where nobody keeps account. */
  readonly streams?: StreamAccount;
  /** Approved definitions of tools; absent where none are kept. */
  readonly book?: ToolBook;
  /** Counts what policy does beside refusing. */
  readonly counts?: ControlCounts;
  /** Tells health how the server did. `status`: of the answer that the client got. */
  readonly onOutcome: (outcome: Outcome, status: number) => void;
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
export type Judged = Forwarded | Denied;

/** A message that goes to the server. */
export interface Forwarded {
  readonly item: Item;
  readonly decision: Extract<Decision, { readonly action: "forward" }>;
}

/** A message that never reaches the server. */
export interface Denied {
  readonly item: Item;
  readonly decision: Extract<Decision, { readonly action: "refuse" }>;
}

/** An exchange whose messages are all decided. `form`: GET and DELETE carry no message. */
export interface Decided extends Exchange {
  readonly era: Era;
  readonly form: "message" | "batch" | "none";
  readonly allowed: readonly Forwarded[];
  readonly refused: readonly Denied[];
}

/** Keeps account of the streams on which a server speaks by itself. */
export interface StreamAccount {
  /** Runs an exchange that opens a stream, and follows it to its end. */
  readonly open: (exchange: Decided, run: (exchange: Decided) => RunningCall) => RunningCall;
}

/** Counts over all replicas. */
export interface Fleet {
  /** Counts what is allowed of an exchange, and goes on with what is left of it. */
  readonly count: (deps: CallDeps, decided: Decided, next: (decided: Decided) => RunningCall) => RunningCall;
}
