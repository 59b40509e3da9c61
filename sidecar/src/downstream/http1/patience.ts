/** For how long a connection is waited for: when it is ended for slowness, and when because nobody uses it. Pure. */

/** How long what may take, in ms. */
export interface ConnectionTimes {
  readonly headerMs: number;
  readonly requestMs: number;
  /** An answer may stay unread for this time; 0 is without bound. */
  readonly readerMs: number;
}

/** What is awaited: a head, the rest of a body, the next request, an answer of ours, or that the client takes its last answer. */
export type Awaited = "head" | "body" | "next" | "answer" | "end";

/** For how long a connection is kept that nobody uses, in ms: above the time of those who ask, so that none ends under a request. */
export const keepAliveMs = 72_000;

/** How long a client whose request is read no further has to read the answer to it, in ms. */
const lingerMs = 1_000;

/** What becomes of a connection on which something has been awaited for so long. */
export function judgePatience(awaited: Awaited, pastMs: number, times: ConnectionTimes): "wait" | "slow" | "over" {
  switch (awaited) {
    case "head":
      return pastMs >= times.headerMs ? "slow" : "wait";
    case "body":
      return pastMs >= times.requestMs ? "slow" : "wait";
    case "next":
      return pastMs >= keepAliveMs ? "over" : "wait";
    case "end":
      return pastMs >= lingerMs ? "over" : "wait";
    case "answer":
      return "wait";
  }
}
