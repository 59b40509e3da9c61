/** Looks for a socket that was not there, or that nobody listened on, until it is there anew. Decides nothing about sessions. */
import { statSync } from "node:fs";
import { stat } from "node:fs/promises";

const firstPauseMs = 100;
const longestPauseMs = 1_000;

/** What tells one socket file from a later one of the same name; undefined where there is none. */
export type SocketIdentity = string | undefined;

/** A search that runs at most once at a time. */
export interface SocketWatch {
  /** Begins to look for another socket than this one; does nothing where it looks already. */
  readonly start: (seen: SocketIdentity) => void;
  readonly close: () => void;
}

/** Returns the identity of the socket at a path as it is now. */
export function identifySocket(path: string): SocketIdentity {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  return found === undefined ? undefined : identityOf(found);
}

/** Creates the search; `onFound` is told once for each start. */
export function createSocketWatch(path: string, onFound: () => void): SocketWatch {
  let timer: NodeJS.Timeout | undefined;
  let isClosed = false;

  const lookAfter = (pauseMs: number, seen: SocketIdentity): void => {
    timer = setTimeout(() => void look(pauseMs, seen), pauseMs).unref();
  };
  const look = async (pauseMs: number, seen: SocketIdentity): Promise<void> => {
    const found = await stat(path, { bigint: true }).then(identityOf, () => undefined);
    if (isClosed) return;
    if (found === undefined || found === seen) {
      lookAfter(Math.min(longestPauseMs, pauseMs * 2), seen);
      return;
    }
    timer = undefined;
    onFound();
  };

  return {
    start(seen) {
      if (timer === undefined && !isClosed) lookAfter(firstPauseMs, seen);
    },
    close() {
      isClosed = true;
      clearTimeout(timer);
    },
  };
}

function identityOf({ ino, ctimeNs }: { readonly ino: bigint; readonly ctimeNs: bigint }): string {
  return `${ino}:${ctimeNs}`;
}
