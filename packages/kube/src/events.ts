/**
 * Writes Events (events.k8s.io/v1) beside what we do: one per thing that happened, repeats as a series of it. Bounded in
 * memory and in requests; a lost event is counted and never holds up what it tells of.
 */
import type { ApiFailure } from "./failure.ts";
import { toMicroTime } from "./micro-time.ts";
import type { RawEvent, RawReference } from "./object.ts";
import type { Objects } from "./objects.ts";
import { resources } from "./resource.ts";

/** What happened. `reason` and `action` are words of at most 128 characters, `note` is cut at 1,024 bytes. */
export interface EventFacts {
  readonly regarding: RawReference;
  readonly type: "Normal" | "Warning";
  readonly reason: string;
  readonly action: string;
  readonly note: string;
}

/** Who writes, and within which bounds. */
export interface EventRecorderOptions {
  readonly objects: Objects;
  /** For example `outrigger.dev/operator`. */
  readonly controller: string;
  /** The process, for example its pod's name. */
  readonly instance: string;
  /** Wall clock, Unix epoch ms. */
  readonly nowMs: () => number;
  readonly onFailure: (failure: ApiFailure) => void;
  /** More events waited than may: this one is not written. */
  readonly onDropped: () => void;
  /** How long after its last repeat a series counts as ended, ms; default 6 minutes. */
  readonly seriesMs?: number;
  /** Shortest time between two writes of one series, ms; default 1 minute. */
  readonly pauseMs?: number;
  /** Most events that wait at once; default 256. */
  readonly queueLimit?: number;
  /** Most series that are remembered; default 2,048. */
  readonly seriesLimit?: number;
}

/** A running recorder. */
export interface EventRecorder {
  /** Takes note and returns at once. */
  readonly record: (facts: EventFacts) => void;
  /** Writes what waits, with the counts of all series, and takes nothing more. */
  readonly close: () => Promise<void>;
}

interface Series {
  readonly facts: EventFacts;
  readonly namespace: string;
  readonly name: string;
  count: number;
  lastMs: number;
  writtenCount: number;
  writtenMs: number;
}

const noteLimit = 1_024;
const nameLimit = 253;

/** Creates a recorder. */
export function createEventRecorder(options: EventRecorderOptions): EventRecorder {
  const { objects, nowMs } = options;
  const { seriesMs = 6 * 60_000, pauseMs = 60_000, queueLimit = 256, seriesLimit = 2_048 } = options;
  const known = new Map<string, Series>();
  const queue = new Set<Series>();
  let running: Promise<void> | undefined;
  let isClosed = false;
  let names = 0;

  const open = (key: string, facts: EventFacts): Series => {
    const suffix = `.${nowMs().toString(16)}${(++names).toString(16)}`;
    const series: Series = {
      facts,
      namespace: facts.regarding.namespace ?? "default",
      name: `${(facts.regarding.name ?? "unnamed").slice(0, nameLimit - suffix.length)}${suffix}`,
      count: 0,
      lastMs: nowMs(),
      writtenCount: 0,
      writtenMs: 0,
    };
    known.delete(key);
    known.set(key, series);
    const [oldest] = known.keys();
    if (known.size > seriesLimit && oldest !== undefined) known.delete(oldest);
    return series;
  };

  const write = async (series: Series): Promise<void> => {
    const { count, lastMs } = series;
    const isRepeat = series.writtenCount > 0;
    series.writtenCount = count;
    series.writtenMs = nowMs();
    const place = { resource: resources.events, namespace: series.namespace };
    const seriesPart = { series: { count, lastObservedTime: toMicroTime(lastMs) } };
    const patched = isRepeat ? await objects.mergePatch({ ...place, name: series.name }, seriesPart) : undefined;
    if (patched !== undefined && (patched.ok || patched.failure.kind !== "notFound")) {
      if (!patched.ok) options.onFailure(patched.failure);
      return;
    }
    // New, or its first event has outlived the cluster's limit for events meanwhile.
    const created = await objects.create(place, { ...toEvent(series, options), ...(count > 1 ? seriesPart : {}) });
    if (!created.ok) options.onFailure(created.failure);
  };

  const drain = async (): Promise<void> => {
    for (const series of queue) {
      queue.delete(series);
      await write(series);
    }
    running = undefined;
  };

  const enqueue = (key: string, series: Series): void => {
    if (!queue.has(series) && queue.size >= queueLimit) {
      // Forgotten as well, so that the next repeat is a first one again.
      known.delete(key);
      options.onDropped();
      return;
    }
    queue.add(series);
    running ??= drain();
  };

  return {
    record: (facts) => {
      if (isClosed) {
        options.onDropped();
        return;
      }
      const key = toKey(facts);
      const found = known.get(key);
      const isOver = found === undefined || nowMs() - found.lastMs > seriesMs;
      const series = isOver ? open(key, facts) : found;
      series.count++;
      series.lastMs = nowMs();
      if (series.writtenCount === 0 || nowMs() - series.writtenMs >= pauseMs) enqueue(key, series);
    },
    close: async () => {
      isClosed = true;
      for (const [key, series] of known) if (series.count > series.writtenCount) enqueue(key, series);
      while (running !== undefined) await running;
    },
  };
}

/** Facts with equal keys are repeats of one another. The note may differ: it is told once. */
function toKey({ regarding, type, reason, action }: EventFacts): string {
  const { kind, namespace, name, uid } = regarding;
  return JSON.stringify([kind, namespace, name, uid, type, reason, action]);
}

function toEvent(series: Series, { controller, instance }: EventRecorderOptions): RawEvent {
  const { regarding, type, reason, action, note } = series.facts;
  return {
    metadata: { name: series.name, namespace: series.namespace },
    eventTime: toMicroTime(series.lastMs),
    reportingController: controller,
    reportingInstance: instance.slice(0, 128),
    type,
    reason,
    action,
    note: cutToBytes(note, noteLimit),
    regarding,
  };
}

/** At most so many bytes of UTF-8, never half a character. */
function cutToBytes(text: string, limit: number): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= limit) return text;
  let end = limit;
  // Bytes that continue a character begin with the bits 10.
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
  return bytes.toString("utf8", 0, end);
}
