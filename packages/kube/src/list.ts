/** One complete list, page by page. Gives all items of one resource version or a failure, never a part. */
import type { ClusterAccess } from "./access.ts";
import { readFailure, toFailure, type ApiFailure } from "./failure.ts";
import type { RawPod } from "./pod.ts";

const pageSize = 500;
const idleTimeoutMs = 30_000;
const maxErrorBytes = 16 * 1024;

/** All items, already read by the caller's reader, and the resource version from which a watch goes on. */
export type ListOutcome<T> =
  | { readonly ok: true; readonly items: readonly T[]; readonly resourceVersion: string }
  | { readonly ok: false; readonly failure: ApiFailure };

/** What is listed: `path` with its query, and what is kept of each item. */
export interface ListWanted<T> {
  readonly path: string;
  readonly labelSelector: string;
  readonly read: (item: RawPod) => T;
  readonly signal: AbortSignal;
}

interface Page {
  readonly items: readonly RawPod[];
  readonly resourceVersion: string;
  readonly next: string | undefined;
}

/**
 * Lists everything. Pages are read one after another, so that only one page of raw objects is held at a time.
 * Errors: `expired` where a page token outlived its resource version; the caller lists again from the start.
 */
export async function listAll<T>(access: ClusterAccess, wanted: ListWanted<T>): Promise<ListOutcome<T>> {
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

async function readPage<T>(
  access: ClusterAccess,
  { path, labelSelector, signal }: ListWanted<T>,
  next: string | undefined,
): Promise<Page | ApiFailure> {
  const query = new URLSearchParams({ labelSelector, limit: String(pageSize) });
  if (next !== undefined) query.set("continue", next);
  const answer = await access.get({ path: `${path}?${query.toString()}`, signal, idleTimeoutMs });
  const text = await answer.body.text();
  if (answer.statusCode !== 200) {
    const retryAfter = answer.headers["retry-after"];
    return readFailure(
      answer.statusCode,
      text.slice(0, maxErrorBytes),
      typeof retryAfter === "string" ? retryAfter : undefined,
    );
  }
  return readListObject(JSON.parse(text));
}

function readListObject(value: unknown): Page {
  // Raw JSON; each member that is used is looked at below.
  const list = (value ?? {}) as { metadata?: { resourceVersion?: unknown; continue?: unknown }; items?: unknown };
  const { resourceVersion, continue: next } = list.metadata ?? {};
  // Go writes an empty list as null; an absent member means that this is no list at all.
  if (typeof resourceVersion !== "string" || !(list.items === null || Array.isArray(list.items))) {
    throw new Error("the API server's answer is not a list");
  }
  const items: unknown[] = list.items ?? [];
  return {
    items: items.filter((item): item is RawPod => typeof item === "object" && item !== null),
    resourceVersion,
    next: typeof next === "string" && next !== "" ? next : undefined,
  };
}
