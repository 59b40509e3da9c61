/** The requests that a server has not answered yet, by the id that the server knows. Which id that is, is decided by their owner. */
import type { UpstreamFailure } from "../upstream/upstream.ts";
import type { Answer } from "./http/answer.ts";
import { tendOutlet } from "./http/upkeep.ts";
import type { QueuedMessage } from "./link.ts";

/** One request under way. `token`: its progress token as the server knows it. */
export interface Entry {
  readonly answer: Answer;
  readonly queued: QueuedMessage;
  readonly token?: string | number | undefined;
}

/** The table. Entries are in the order of their requests. */
export interface Pending<E extends Entry> {
  readonly size: () => number;
  readonly has: (id: string | number) => boolean;
  readonly add: (id: string | number, entry: E) => void;
  readonly find: (id: string | number | null | undefined) => E | undefined;
  /** Removes and returns the entry of an answered or cancelled request. */
  readonly take: (id: string | number | null | undefined) => E | undefined;
  readonly findByToken: (token: string | number) => E | undefined;
  /** The newest entry whose reader is still there and that passes the test. */
  readonly newestOpen: (test?: (entry: E) => boolean) => E | undefined;
  /** Ids whose reader is gone although no response came. */
  readonly abandoned: () => readonly (string | number)[];
  /** Fails every open answer and forgets all. */
  readonly failAll: (describe: (entry: E) => UpstreamFailure) => void;
  readonly tend: (nowMs: number) => void;
}

/** Creates an empty table. */
export function createPending<E extends Entry>(): Pending<E> {
  const entries = new Map<string | number, E>();
  const find = (id: string | number | null | undefined): E | undefined =>
    id === null || id === undefined ? undefined : entries.get(id);
  return {
    size: () => entries.size,
    has: (id) => entries.has(id),
    add: (id, entry) => void entries.set(id, entry),
    find,
    take(id) {
      const entry = find(id);
      if (id !== null && id !== undefined) entries.delete(id);
      return entry;
    },
    findByToken: (token) => [...entries.values()].find((entry) => entry.token === token),
    newestOpen: (test = () => true) =>
      [...entries.values()].findLast((entry) => entry.answer.outlet.isOpen() && test(entry)),
    abandoned: () => [...entries].flatMap(([id, { answer }]) => (answer.outlet.isOpen() ? [] : [id])),
    failAll(describe) {
      const failed = [...entries.values()];
      entries.clear();
      for (const entry of failed) entry.answer.outlet.fail(describe(entry));
    },
    tend(nowMs) {
      for (const { answer } of entries.values()) tendOutlet(answer.outlet, nowMs, answer.keepAlive);
    },
  };
}
