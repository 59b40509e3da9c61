/** What the parts of the front share: the endpoint, the client's end, the session, time. */
import type { Exchange, ExchangeEnd } from "./exchange.ts";
import type { FrontFailure } from "./failure.ts";
import { headersOf, type FrontSession } from "./headers.ts";
import type { FrontMessage } from "./message.ts";
import type { SessionKeeper } from "./session-keeper.ts";

/** The parts. `signal` ends everything; `pause` waits in ms and returns early where its signal says so. */
export interface FrontParts {
  readonly exchange: (exchange: Exchange) => Promise<ExchangeEnd>;
  readonly keeper: SessionKeeper;
  readonly write: (line: Buffer) => Promise<void>;
  readonly tell: (sentence: string) => void;
  /** Why there is no answer, where the connection failed. */
  readonly explain: (error: unknown) => FrontFailure;
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly random: () => number;
  readonly signal: AbortSignal;
}

/** What one exchange is given beside the request itself. */
export type Receiver = Omit<Exchange, "asked">;

/** How long a notification, or a request of our own, may take to be accepted, in ms. */
export const acceptWithinMs = 30_000;

/** The POST of a message. */
export function toPost(
  message: FrontMessage,
  session: FrontSession | undefined,
  signal: AbortSignal,
): Exchange["asked"] {
  return { method: "POST", headers: headersOf(message, session), body: message.bytes, signal };
}

/** Whether the endpoint has lost the session that a message was sent in. */
export function lostSession(
  end: ExchangeEnd,
  message: FrontMessage,
  session: FrontSession | undefined,
): session is FrontSession {
  const isRefused = end.kind === "refused" && end.status === 404;
  return isRefused && session?.id !== undefined && message.claimed === undefined && message.method !== "initialize";
}

/** The revision in the answer to `initialize`; undefined where the text is none. */
export function readVersion(text: Buffer): string | undefined {
  try {
    // Raw JSON of the endpoint; the one member that is used is looked at.
    const { result } = (JSON.parse(text.toString("utf8")) ?? {}) as { result?: { protocolVersion?: unknown } };
    return typeof result?.protocolVersion === "string" ? result.protocolVersion : undefined;
  } catch {
    return undefined;
  }
}
