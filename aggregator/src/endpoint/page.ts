/** Pages of ordered lists: the cursor is the key of the last item, so a list that changes between pages loses nothing. Pure. */

/** One page, or a cursor that is none of ours. */
export type Page<T> =
  { readonly ok: true; readonly items: readonly T[]; readonly nextCursor?: string } | { readonly ok: false };

/** Which page is wanted: `items` are ordered by `keyOf` in byte order. */
export interface PageWanted<T> {
  readonly keyOf: (item: T) => string;
  readonly size: number;
  readonly cursor?: string | undefined;
}

/** Takes the page behind a cursor, or the first. Cost: one binary search, and the items of the page. */
export function takePage<T>(items: readonly T[], { keyOf, size, cursor }: PageWanted<T>): Page<T> {
  const after = cursor === undefined ? undefined : readCursor(cursor);
  if (cursor !== undefined && after === undefined) return { ok: false };
  const start = after === undefined ? 0 : findBehind(items, (item) => keyOf(item) > after);
  const page = items.slice(start, start + size);
  const last = page.at(-1);
  const hasMore = start + size < items.length && last !== undefined;
  return { ok: true, items: page, ...(hasMore ? { nextCursor: writeCursor(keyOf(last)) } : {}) };
}

/** The first of the ordered items that lies behind; their number where none does. */
function findBehind<T>(items: readonly T[], isBehind: (item: T) => boolean): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const item = items[middle];
    if (item === undefined || isBehind(item)) high = middle;
    else low = middle + 1;
  }
  return low;
}

function writeCursor(key: string): string {
  return Buffer.from(JSON.stringify({ after: key })).toString("base64url");
}

function readCursor(cursor: string): string | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(cursor, "base64url").toString("utf8"));
    const after = typeof value === "object" && value !== null && "after" in value ? value.after : undefined;
    return typeof after === "string" ? after : undefined;
  } catch {
    return undefined;
  }
}
