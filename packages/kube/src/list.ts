/** One complete list, page by page. Gives all items of one resource version or a failure, never a part. */
import type { ClusterAccess } from "./access.ts";
import { readAnswerFailure, toFailure, type ApiFailure } from "./failure.ts";
import type { RawObject } from "./object.ts";

const pageSize = 500;
const idleTimeoutMs = 30_000;

/** All items, already read by the caller's reader, and the resource version from which a watch goes on. */
export type ListOutcome<T> =
  | { readonly ok: true; readonly items: readonly T[]; readonly resourceVersion: string }
  | { readonly ok: false; readonly failure: ApiFailure };

/** What is listed, and what is kept of each item. Selectors as Kubernetes writes them; an absent one selects everything. */
export interface ListWanted<O extends RawObject, T> {
  readonly path: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  readonly read: (item: O) => T;
  readonly signal: AbortSignal;
}

interface Page<O> {
  readonly items: readonly O[];
  readonly resourceVersion: string;
  readonly next: string | undefined;
}

/**
 * Lists everything. Pages are read one after another, so that only one page of raw objects is held at a time.
 * Errors: `expired` where a page token outlived its resource version; the caller lists again from the start.
 */
export async function listAll<O extends RawObject, T>(
  access: ClusterAccess,
  wanted: ListWanted<O, T>,
): Promise<ListOutcome<T>> {
  const items: T[] = [];
  let next: string | undefined;
  try {
    for (;;) {
      const page = await readPage(access, wanted, next);
      if ("kind" in page) return { ok: false, failure: page };
      for (const item of page.items) items.push(wanted.read(item));
      if (page.next === undefined) return { ok: true, items, resourceVersion: page.resourceVersion };
      next = page.next;
    }
  } catch (error) {
    return { ok: false, failure: toFailure(error) };
  }
}

async function readPage<O extends RawObject, T>(
  access: ClusterAccess,
  wanted: ListWanted<O, T>,
  next: string | undefined,
): Promise<Page<O> | ApiFailure> {
  const query = new URLSearchParams({ ...readSelectors(wanted), limit: String(pageSize) });
  if (next !== undefined) query.set("continue", next);
  const path = `${wanted.path}?${query.toString()}`;
  const answer = await access.send({ path, signal: wanted.signal, idleTimeoutMs });
  if (answer.statusCode !== 200) return readAnswerFailure(answer);
  return readListObject(await answer.body.json());
}

/** The selectors as members of a query. */
export function readSelectors(wanted: {
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}): Record<string, string> {
  const { labelSelector, fieldSelector } = wanted;
  return {
    ...(labelSelector === undefined ? {} : { labelSelector }),
    ...(fieldSelector === undefined ? {} : { fieldSelector }),
  };
}

function readListObject<O extends RawObject>(value: unknown): Page<O> {
  // Raw JSON; each member that is used is looked at below.
  const list = (value ?? {}) as { metadata?: { resourceVersion?: unknown; continue?: unknown }; items?: unknown };
  const { resourceVersion, continue: next } = list.metadata ?? {};
  // Go writes an empty list as null; an absent member means that this is no list at all.
  if (typeof resourceVersion !== "string" || !(list.items === null || Array.isArray(list.items))) {
    throw new Error("the API server's answer is not a list");
  }
  const items: unknown[] = list.items ?? [];
  return {
    // What an object claims to be is its readers' to check.
    items: items.filter((item): item is O => typeof item === "object" && item !== null),
    resourceVersion,
    next: typeof next === "string" && next !== "" ? next : undefined,
  };
}
