/**
 * One request at the door, with the way to its answer: what the stages of a call know of HTTP. What speaks it is http1/. No behaviour.
 */

/** Headers by their names in lower case; of those that came more than once, what node:http makes of them. */
export type VisitHeaders = Readonly<Record<string, string | string[] | undefined>>;

/** One request whose head was read. */
export interface Visit {
  readonly method: string;
  /** As it came: path and query, or whatever else a client may write there. */
  readonly target: string;
  /** Flat list of names and values as they came, without `Content-Length`, which is `bodyBytes`. Equal heads may share one list. */
  readonly rawHeaders: readonly string[];
  readonly headers: VisitHeaders;
  /** 0 where there is no body, undefined where its length is not known before its end. */
  readonly bodyBytes: number | undefined;
  /** When the head was read, in ms of the door's clock. */
  readonly startedMs: number;
  /** The client's address. */
  readonly peer: string | undefined;
  /** The address that the client connected to. */
  readonly localAddress: string | undefined;
  readonly channel: Channel;
}

/** Who hears of a body: pieces, then one of end and broken. */
export interface VisitBodySink {
  readonly onData: (chunk: Buffer) => void;
  readonly onEnd: () => void;
  /** The rest will not come. */
  readonly onBroken: () => void;
}

/** Who hears of the client. */
export interface VisitWatcher {
  /** Writing may go on. */
  readonly drain: () => void;
  /** The client left before the end of its answer; once. */
  readonly gone: () => void;
}

/** What a head is written from. `headers`: flat list; values must be free of line ends. */
export interface AnswerHead {
  readonly status: number;
  readonly headers: readonly string[];
  /** Whether the connection ends with this answer; a header `connection: close` says the same. */
  readonly isLast: boolean;
}

/** The connection, for one visit at a time: whatever is asked for a visit that is over changes nothing. */
export interface Channel {
  /** Has the body handed over. Only while the visit is being told of: a body that nobody asks for is thrown away. */
  readonly readBody: (visit: Visit, sink: VisitBodySink) => void;
  /** Throws the rest of the body away. */
  readonly stopBody: (visit: Visit) => void;
  readonly watch: (visit: Visit, watcher: VisitWatcher) => void;
  /** Keeps the head until there is something to send it with; only the first counts. */
  readonly head: (visit: Visit, head: AnswerHead) => void;
  /** Sends the head now. */
  readonly flush: (visit: Visit) => void;
  /** False asks to pause until the next drain. */
  readonly write: (visit: Visit, chunk: Buffer) => boolean;
  readonly end: (visit: Visit, chunk?: Buffer) => void;
  /** Bytes of the answer that wait for their reader. */
  readonly unreadBytes: (visit: Visit) => number;
  /** Breaks the connection. */
  readonly destroy: (visit: Visit) => void;
  /** False once the answer is with the client, or the client has gone. */
  readonly isOpen: (visit: Visit) => boolean;
  /** Calls back when the visit is over, however that comes. */
  readonly onOver: (visit: Visit, told: () => void) => void;
}
