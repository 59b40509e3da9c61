/**
 * The processes of one server: how many may live, and when one may be started again. What is to be said about them is decided
 * in status.ts, which request belongs to which child in stdio-upstream.ts.
 */
import type { Logger } from "@outrigger/runtime/logger";
import type { UpstreamFailure } from "../../upstream/upstream.ts";
import { lengthenBackOff, noBackOff, waitForStart, type BackOff, type BackOffBounds } from "./back-off.ts";
import { startChild, type Child, type ChildListener, type ChildSettings } from "./child.ts";
import type { ChildEnd } from "./child-end.ts";
import { failureOf, overload } from "../../bridge/failure.ts";
import { deniesModernEra } from "../modern-messages.ts";
import { describeStatus, type EraFacts, type StdioStatus } from "./status.ts";

export type { StdioStatus } from "./status.ts";

/** The two ways to use a child; each backs off for itself, since some servers exit at a message of the other era. */
export type ChildEra = "legacy" | "modern";

/** What happened to a child. `children`: how many are in use now. */
export interface ChildEvent {
  readonly kind: "Started" | "Answered" | "Ended";
  readonly pid: number | undefined;
  readonly children: number;
  readonly end?: ChildEnd;
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
interface EraRecord extends EraFacts {
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
  let hasServed = false;
  let lastEnd: ChildEnd | undefined;

  const noteAnswer = (era: ChildEra, child: Child, response: Buffer): void => {
    const record = records[era];
    const isNews = !record.hasAnswered || record.backOff.failures > 0;
    // "No such method" from a server of the other era shows that its process lives, not that it serves.
    const hasAnswered = record.hasAnswered || era === "legacy" || !deniesModernEra(response);
    Object.assign(record, { backOff: noBackOff, hasAnswered, lastEarlyEnd: undefined, trial: undefined });
    hasServed ||= hasAnswered;
    if (isNews) options.onEvent({ kind: "Answered", pid: child.pid, children: used.size });
  };
  const noteEarlyEnd = (record: EraRecord, startedAtMs: number, end: ChildEnd): void => {
    // Children that were started together die of one cause: they lengthen the pause once.
    const isNews = record.backOff.failures === 0 || startedAtMs >= record.lastEarlyEndMs;
    // To knock at a door costs nobody a process, so it needs no pause.
    if (isNews && end.kind !== "Awaited") record.backOff = lengthenBackOff(record.backOff, restart, now());
    record.lastEarlyEndMs = now();
    record.hasAnswered = false;
    record.lastEarlyEnd = end;
  };
  const noteEnd = ({ era, child, startedAtMs }: Started, end: ChildEnd): void => {
    const record = records[era];
    if (record.trial?.child === child) record.trial = undefined;
    used.delete(child);
    leaving.add(child);
    void child.gone.then(() => leaving.delete(child));
    // A session too many says nothing about the server.
    if (end.kind !== "Refused") lastEnd = end;
    const level = levelOf(end, record);
    if (isEvidence(end) && !child.hasAnswered()) noteEarlyEnd(record, startedAtMs, end);
    const fields = { pid: child.pid, kind: end.kind, detail: end.message, failures: record.backOff.failures };
    logger[level](fields, "server process ended");
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
      const isKnock = records[era].lastEarlyEnd?.kind === "Awaited";
      logger[isKnock ? "debug" : "info"]({ pid: child.pid, era }, "server process started");
      options.onEvent({ kind: "Started", pid: child.pid, children: used.size });
      return child;
    },
    status: () =>
      isClosed
        ? { state: "Closed", reason: "UpstreamUnavailable", message: "the sidecar is stopping", children: used.size }
        : describeStatus(Object.values(records), { children: used.size, lastEnd, hasServed }),
    async close() {
      isClosed = true;
      options.settings.source.close();
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

/** Says whether an end shows how the server is: not where we wanted it, and not where it was one session too many. */
function isEvidence({ kind }: ChildEnd): boolean {
  return kind !== "Stopped" && kind !== "Refused";
}

function levelOf(end: ChildEnd, { lastEarlyEnd }: EraRecord): "debug" | "info" | "warn" {
  if (end.kind === "Awaited") return lastEarlyEnd?.kind === "Awaited" ? "debug" : "info";
  return end.kind === "Stopped" ? "info" : "warn";
}

function describePause(end: ChildEnd, failures: number, waitMs: number): UpstreamFailure {
  if (end.kind === "NotStarted" || end.kind === "Awaited") return failureOf(end, false);
  const times = failures === 1 ? "once" : `${failures} times`;
  const when = waitMs > 0 ? `again in ${(waitMs / 1_000).toFixed(1)} s` : "again now";
  const message = `the server's process ended ${times} before it answered and is started ${when}`;
  return { reason: "UpstreamStarting", message, sent: false };
}
