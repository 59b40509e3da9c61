/**
 * The processes of one server: how many may live, when one may be started again, and what is to be said about them.
 * Which request belongs to which child is decided in stdio-upstream.ts.
 */
import type { Reason } from "@outrigger/api/reasons";
import type { Logger } from "@outrigger/runtime/logger";
import type { UpstreamFailure } from "../../upstream/upstream.ts";
import { lengthenBackOff, noBackOff, waitForStart, type BackOff, type BackOffBounds } from "./back-off.ts";
import { startChild, type Child, type ChildEnd, type ChildListener, type ChildSettings } from "./child.ts";
import { overload } from "../failure.ts";
import { deniesModernEra } from "../modern-messages.ts";

/** The two ways to use a child; each backs off for itself, since some servers exit at a message of the other era. */
export type ChildEra = "legacy" | "modern";

/** What happened to a child. `children`: how many are in use now. */
export interface ChildEvent {
  readonly kind: "Started" | "Answered" | "Ended";
  readonly pid: number | undefined;
  readonly children: number;
  readonly end?: ChildEnd;
}

/**
 * How the server is. `Idle`: no child is wanted now; `Starting`: none has answered yet; `Running`; `BackingOff`: children die
 * before they answer; `Closed`. `message` is for who runs the server: it may quote the server's stderr.
 */
export interface StdioStatus {
  readonly state: "Idle" | "Starting" | "Running" | "BackingOff" | "Closed";
  readonly reason: Extract<
    Reason,
    "Starting" | "Serving" | "BackingOff" | "ProcessExited" | "CommandNotFound" | "UpstreamUnavailable"
  >;
  readonly message: string;
  readonly children: number;
}

/** Bounds and hooks. `maxChildren` counts children in use; as many again may be on their way out. */
export interface ChildrenOptions {
  readonly settings: ChildSettings;
  readonly maxChildren: number;
  readonly restart: BackOffBounds;
  readonly logger: Logger;
  readonly now: () => number;
  readonly onEvent: (event: ChildEvent) => void;
}

/** The children of one server. */
export interface Children {
  /** Why no child can be started now; undefined where one can. */
  readonly findObstacle: (era: ChildEra) => UpstreamFailure | undefined;
  readonly isFull: () => boolean;
  readonly start: (era: ChildEra, listener: ChildListener) => Child;
  readonly status: () => StdioStatus;
  /** Ends all; settles when no process is left. */
  readonly close: () => Promise<void>;
}

/** The record of one era: its pause, how and when its last child ended before it answered, and the child that is tried after that. */
interface EraRecord {
  backOff: BackOff;
  hasAnswered: boolean;
  lastEarlyEnd: ChildEnd | undefined;
  lastEarlyEndMs: number;
  trial: { readonly child: Child; readonly untilMs: number } | undefined;
}

/** Creates the supervision; no child is started before one is wanted. */
export function createChildren(options: ChildrenOptions): Children {
  const { now, logger, restart } = options;
  const used = new Set<Child>();
  const leaving = new Set<Child>();
  const records: Readonly<Record<ChildEra, EraRecord>> = { legacy: createRecord(), modern: createRecord() };
  let isClosed = false;
  let lastEnd: ChildEnd | undefined;

  const noteAnswer = (era: ChildEra, child: Child, response: Buffer): void => {
    const record = records[era];
    const isNews = !record.hasAnswered || record.backOff.failures > 0;
    // "No such method" from a server of the other era shows that its process lives, not that it serves.
    const hasAnswered = record.hasAnswered || era === "legacy" || !deniesModernEra(response);
    Object.assign(record, { backOff: noBackOff, hasAnswered, lastEarlyEnd: undefined, trial: undefined });
    if (isNews) options.onEvent({ kind: "Answered", pid: child.pid, children: used.size });
  };
  const noteEnd = ({ era, child, startedAtMs }: Started, end: ChildEnd): void => {
    const record = records[era];
    if (record.trial?.child === child) record.trial = undefined;
    used.delete(child);
    leaving.add(child);
    void child.gone.then(() => leaving.delete(child));
    lastEnd = end;
    if (end.kind !== "Stopped" && !child.hasAnswered()) {
      // Children that were started together die of one cause: they lengthen the pause once.
      const isNews = record.backOff.failures === 0 || startedAtMs >= record.lastEarlyEndMs;
      if (isNews) record.backOff = lengthenBackOff(record.backOff, restart, now());
      record.lastEarlyEndMs = now();
      record.hasAnswered = false;
      record.lastEarlyEnd = end;
    }
    const fields = { pid: child.pid, kind: end.kind, detail: end.message, failures: record.backOff.failures };
    logger[end.kind === "Stopped" ? "info" : "warn"](fields, "server process ended");
    options.onEvent({ kind: "Ended", pid: child.pid, children: used.size, end });
  };

  return {
    findObstacle(era) {
      if (isClosed) return { reason: "UpstreamUnavailable", message: "the sidecar is stopping", sent: false };
      const { backOff, lastEarlyEnd, trial } = records[era];
      const waitMs = waitForStart(backOff, now());
      // After a pause one child is tried: it decides for all who wait, unless it takes too long.
      const mustWait = waitMs > 0 || (trial !== undefined && trial.untilMs > now());
      if (mustWait && lastEarlyEnd !== undefined) return describePause(lastEarlyEnd, backOff.failures, waitMs);
      return used.size >= options.maxChildren || leaving.size >= options.maxChildren
        ? overload(`no more than ${options.maxChildren} processes of the server may run at once`)
        : undefined;
    },
    isFull: () => used.size >= options.maxChildren,
    start(era, listener) {
      const startedAtMs = now();
      const child: Child = startChild(options.settings, {
        onMessage(message) {
          if (message.type === "response") noteAnswer(era, child, message.bytes);
          listener.onMessage(message);
        },
        onEnd(end) {
          noteEnd({ era, child, startedAtMs }, end);
          listener.onEnd(end);
        },
      });
      used.add(child);
      if (records[era].backOff.failures > 0) records[era].trial = { child, untilMs: startedAtMs + restart.maxMs };
      logger.info({ pid: child.pid, era }, "server process started");
      options.onEvent({ kind: "Started", pid: child.pid, children: used.size });
      return child;
    },
    status: () =>
      isClosed
        ? { state: "Closed", reason: "UpstreamUnavailable", message: "the sidecar is stopping", children: used.size }
        : describe(Object.values(records), { children: used.size, lastEnd }),
    async close() {
      isClosed = true;
      for (const child of used) child.stop("the sidecar is stopping");
      await Promise.all([...leaving].map((child) => child.gone));
    },
  };
}

interface Started {
  readonly era: ChildEra;
  readonly child: Child;
  readonly startedAtMs: number;
}

function createRecord(): EraRecord {
  return { backOff: noBackOff, hasAnswered: false, lastEarlyEnd: undefined, lastEarlyEndMs: 0, trial: undefined };
}

function describePause(end: ChildEnd, failures: number, waitMs: number): UpstreamFailure {
  if (end.kind === "NotStarted") return { reason: "UpstreamUnavailable", message: end.message, sent: false };
  const times = failures === 1 ? "once" : `${failures} times`;
  const when = waitMs > 0 ? `again in ${(waitMs / 1_000).toFixed(1)} s` : "again now";
  const message = `the server's process ended ${times} before it answered and is started ${when}`;
  return { reason: "UpstreamStarting", message, sent: false };
}

function describe(
  records: readonly EraRecord[],
  facts: { readonly children: number; readonly lastEnd: ChildEnd | undefined },
): StdioStatus {
  const { children, lastEnd } = facts;
  const answers = records.some(({ hasAnswered }) => hasAnswered);
  // One era that works is enough: the other one fails by design in a server that does not know it.
  const failing = answers ? undefined : records.find(({ lastEarlyEnd }) => lastEarlyEnd !== undefined);
  if (failing?.lastEarlyEnd !== undefined) return describeFailing(failing.lastEarlyEnd, failing.backOff, children);
  if (!answers)
    return {
      state: children > 0 ? "Starting" : "Idle",
      reason: "Starting",
      message: "the server has not answered yet",
      children,
    };
  if (children > 0) return { state: "Running", reason: "Serving", message: "the server answers", children };
  return lastEnd === undefined || lastEnd.kind === "Stopped"
    ? { state: "Idle", reason: "Serving", message: "the server is started when it is needed", children }
    : { state: "Idle", reason: "ProcessExited", message: quote(lastEnd), children };
}

function describeFailing(end: ChildEnd, { failures }: BackOff, children: number): StdioStatus {
  const reason = end.isMissing === true ? "CommandNotFound" : failures > 1 ? "BackingOff" : "ProcessExited";
  return { state: "BackingOff", reason, message: quote(end), children };
}

function quote(end: ChildEnd): string {
  return end.lastWords === undefined ? end.message : `${end.message}; it said: ${end.lastWords}`;
}
