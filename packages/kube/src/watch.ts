/**
 * One watch request from one resource version to its end. Reports events in order and says how it ended; starting again
 * and starting over are the supervisor's.
 */
import type { ClusterAccess } from "./access.ts";
import { readAnswerFailure, readFailure, toFailure, type ApiFailure } from "./failure.ts";
import { splitLines } from "./json-lines.ts";
import { readSelectors } from "./list.ts";
import type { RawObject } from "./object.ts";

/** One event. A bookmark carries no object, only the resource version that was reached. */
export type WatchEvent<O extends RawObject> =
  | { readonly kind: "set" | "removed"; readonly object: O; readonly resourceVersion: string | undefined }
  | { readonly kind: "bookmark"; readonly resourceVersion: string | undefined };

/** What is watched. `timeoutSeconds`: when the server is to end the watch in good order. */
export interface WatchWanted<O extends RawObject> {
  readonly path: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  readonly resourceVersion: string;
  readonly timeoutSeconds: number;
  readonly signal: AbortSignal;
  /** The server took the watch. */
  readonly onOpen: () => void;
  readonly onEvent: (event: WatchEvent<O>) => void;
}

/** Silence that is allowed beyond `timeoutSeconds`: after that the connection is taken for half open. */
const graceMs = 15_000;

/** How a watch ended: `hasOpened` says that the server took it; without `failure` it ended in good order. */
export interface WatchEnd {
  readonly hasOpened: boolean;
  readonly failure?: ApiFailure;
}

/** Watches until the server ends it. Never rejects. */
export async function watchOnce<O extends RawObject>(access: ClusterAccess, wanted: WatchWanted<O>): Promise<WatchEnd> {
  const { path, resourceVersion, timeoutSeconds, signal } = wanted;
  const query = new URLSearchParams({
    watch: "1",
    allowWatchBookmarks: "true",
    ...readSelectors(wanted),
    resourceVersion,
    timeoutSeconds: String(timeoutSeconds),
  });
  let hasOpened = false;
  try {
    const idleTimeoutMs = timeoutSeconds * 1_000 + graceMs;
    const answer = await access.send({ path: `${path}?${query.toString()}`, signal, idleTimeoutMs });
    if (answer.statusCode !== 200) return { hasOpened, failure: await readAnswerFailure(answer) };
    hasOpened = true;
    wanted.onOpen();
    for await (const line of splitLines(answer.body as AsyncIterable<Uint8Array>)) {
      const failure = passOn(line, wanted.onEvent);
      if (failure !== undefined) return { hasOpened, failure };
    }
    return { hasOpened };
  } catch (error) {
    return { hasOpened, failure: toFailure(error) };
  }
}

const kinds: Readonly<Record<string, "set" | "removed">> = { ADDED: "set", MODIFIED: "set", DELETED: "removed" };

function passOn<O extends RawObject>(line: string, onEvent: WatchWanted<O>["onEvent"]): ApiFailure | undefined {
  // Raw JSON; each member that is used is looked at below.
  const { type, object } = (JSON.parse(line) ?? {}) as { type?: unknown; object?: unknown };
  if (typeof type !== "string" || typeof object !== "object" || object === null) {
    throw new Error("an event of the watch has no type or no object");
  }
  if (type === "ERROR") return readErrorEvent(object);
  // What an object claims to be is its readers' to check.
  const claimed = object as O;
  const resourceVersion = claimed.metadata?.resourceVersion;
  const kind = kinds[type];
  if (kind !== undefined) onEvent({ kind, object: claimed, resourceVersion });
  else if (type === "BOOKMARK") onEvent({ kind: "bookmark", resourceVersion });
  else throw new Error(`an event of the watch has the unknown type ${JSON.stringify(type.slice(0, 40))}`);
  return undefined;
}

function readErrorEvent(status: object): ApiFailure {
  const code = "code" in status && typeof status.code === "number" ? status.code : 500;
  return readFailure(code, JSON.stringify(status), undefined);
}
