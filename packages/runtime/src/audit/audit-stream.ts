/**
 * The audit stream of one process: a chain of lines on its way to one sink. Calls never wait for it and never fail by it: what can't
 * be held until it is written is lost, counted, and stands as a gap in the chain (docs/explanation/audit.md says why).
 */
import { createAuditChain, type AuditChain, type ChainHead } from "./audit-chain.ts";
import type { Logger } from "../logger.ts";
import type { AuditSink } from "./audit-sink.ts";

/** The stream's side of a call. */
export interface AuditStream {
  /** Takes the members of a line. Never throws, never waits. */
  readonly append: (members: object) => void;
  readonly status: () => AuditStatus;
  /** Ends the chain and writes what is left, for at most so many ms. */
  readonly close: (limitMs: number) => Promise<void>;
}

/** `lines` and `lost` count from the start of the process. `failure`: why nothing can be written now. */
export interface AuditStatus {
  readonly head: ChainHead;
  readonly lines: number;
  readonly lost: number;
  readonly failure: string | undefined;
}

/** What a stream is made of. */
export interface AuditStreamOptions {
  readonly sink: AuditSink;
  /** Names this chain; not the same in any two processes. */
  readonly chainId: string;
  /** Members of the first line: who writes. */
  readonly start: object;
  readonly logger: Logger;
  /** ms since the epoch. */
  readonly wallNow: () => number;
  /** Bytes that wait to be written at most. */
  readonly maxPendingBytes: number;
  /** So long lines are gathered before they are written together, in ms: a write of its own for each costs as much as its call. */
  readonly gatherMs: number;
  /** Pause after a failed write, in ms. */
  readonly retryMs: number;
}

interface State {
  readonly chain: AuditChain;
  pending: string[];
  pendingBytes: number;
  /** Decisions since the last line that was taken. */
  missed: number;
  lost: number;
  lines: number;
  failure: string | undefined;
  writing: Promise<void> | undefined;
  ended: boolean;
}

/** Starts the stream; its first line is written at once. */
export function createAuditStream(options: AuditStreamOptions): AuditStream {
  const state: State = {
    chain: createAuditChain(options.chainId, options.sink.previous),
    pending: [],
    pendingBytes: 0,
    missed: 0,
    lost: 0,
    lines: 0,
    failure: undefined,
    writing: undefined,
    ended: false,
  };
  const timeOf = (): string => new Date(options.wallNow()).toISOString();
  const take = (line: string): void => {
    state.lines++;
    state.pending.push(line);
    state.pendingBytes += Buffer.byteLength(line) + 1;
    state.writing ??= writeAll(state, options);
  };
  const tellLoss = (): void => {
    if (state.missed === 0) return;
    const { missed } = state;
    state.missed = 0;
    take(state.chain.addLoss(missed, { time: timeOf(), event: "lost" }));
  };
  take(state.chain.add({ event: "start", time: timeOf(), ...options.start }));
  return {
    append: (members) => {
      if (state.ended || state.pendingBytes > options.maxPendingBytes) {
        state.missed++;
        state.lost++;
        return;
      }
      tellLoss();
      take(state.chain.add(members));
    },
    status: () => ({ head: state.chain.head(), lines: state.lines, lost: state.lost, failure: state.failure }),
    close: async (limitMs) => {
      tellLoss();
      take(state.chain.add({ event: "end", time: timeOf() }));
      state.ended = true;
      const late = Promise.withResolvers<undefined>();
      const timer = setTimeout(() => late.resolve(undefined), limitMs);
      await Promise.race([state.writing, late.promise]);
      clearTimeout(timer);
      await options.sink.close().catch((error: unknown) => tellFailure(state, options, error));
    },
  };
}

/** Writes until nothing waits. What fails is tried again from where it stopped: a line is never left out. */
async function writeAll(state: State, options: AuditStreamOptions): Promise<void> {
  if (state.lines > 1) await pause(options.gatherMs);
  while (state.pending.length > 0) {
    const lines = state.pending;
    const bytes = state.pendingBytes;
    state.pending = [];
    for (const piece of cutPieces(lines, options.sink.pieceBytes)) await writePiece(piece, state, options);
    state.pendingBytes -= bytes;
  }
  state.writing = undefined;
}

async function writePiece(piece: Buffer, state: State, options: AuditStreamOptions): Promise<void> {
  let rest = piece;
  while (rest.length > 0) {
    try {
      rest = rest.subarray(await options.sink.write(rest));
    } catch (error) {
      tellFailure(state, options, error);
      await pause(options.retryMs);
    }
  }
  if (state.failure === undefined) return;
  state.failure = undefined;
  options.logger.info({ lost: state.lost }, "audit lines are written again");
}

/** Whole lines, as many as fit; a line that is longer goes alone. */
function* cutPieces(lines: readonly string[], pieceBytes: number): Generator<Buffer> {
  let text = "";
  let bytes = 0;
  for (const line of lines) {
    const lineBytes = Buffer.byteLength(line) + 1;
    if (bytes > 0 && bytes + lineBytes > pieceBytes) {
      yield Buffer.from(text);
      text = "";
      bytes = 0;
    }
    text += `${line}\n`;
    bytes += lineBytes;
  }
  if (bytes > 0) yield Buffer.from(text);
}

/** Told once, not for each try. */
function tellFailure(state: State, { logger }: AuditStreamOptions, error: unknown): void {
  const message = error instanceof Error ? error.message : String(error);
  if (state.failure === undefined) logger.error({ err: error }, "audit lines can't be written, calls go on");
  state.failure = message;
}

/** Keeps no process alive. */
const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
