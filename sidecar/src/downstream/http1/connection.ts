/**
 * One connection of a client: reads its requests one at a time, gives each to the door as a visit, and says what becomes of the connection
 * after the answer. What follows a request waits until that is answered. Before: request-reader.ts, answer-writer.ts; next: server.ts.
 */
import type { Socket } from "node:net";
import type { Channel, Visit, VisitBodySink, VisitWatcher } from "../visit.ts";
import { writeLastAnswer } from "./answer-head.ts";
import { createAnswerWriter } from "./answer-writer.ts";
import type { HeadMemory } from "./head-memory.ts";
import { judgePatience, type Awaited, type ConnectionTimes } from "./patience.ts";
import type { RequestFault, RequestHead } from "./request-head.ts";
import { createRequestReader } from "./request-reader.ts";

/** What the connections of one door share. `now`: a steady clock in ms. */
export interface ConnectionDeps {
  readonly handle: (visit: Visit) => void;
  readonly times: ConnectionTimes;
  readonly memory: HeadMemory;
  readonly now: () => number;
  /** A connection is ended for slowness. */
  readonly onSlow: (why: "slow_request" | "slow_reader") => void;
  /** A request has come. */
  readonly onArrival: () => void;
  /** A request is answered, or its client has gone. */
  readonly onLeave: () => void;
}

export interface Connection {
  /** Bytes of a request or of an ended answer are still on their way. */
  readonly isMoving: () => boolean;
  /** Nobody waits for anything. */
  readonly isIdle: () => boolean;
  /** Has it end with the answer that is open on it, if any. */
  readonly endWithAnswer: () => void;
  /** Ends it where it has been slow, or idle, for too long. */
  readonly tend: (nowMs: number) => void;
  readonly destroy: () => void;
}

/** Serves a connection that was let in. */
export function openConnection(socket: Socket, deps: ConnectionDeps): Connection {
  const { remoteAddress: peer, localAddress } = socket;
  const { times } = deps;
  const answer = createAnswerWriter(socket);
  let visit: Visit | undefined;
  let expectsContinue = false;
  let isRequestWhole = true;
  let sink: VisitBodySink | undefined;
  let watcher: VisitWatcher | undefined;
  let toldOnOver: (() => void)[] | undefined;
  /** What came behind the request that is being answered. */
  let rest: Buffer | undefined;
  let isEnding = false;
  let isClosed = false;
  let hasServed = false;
  let isReaderTimed = false;
  /** A part of a head has come. */
  let hasBegun = false;
  /** Since when a request, the first or the next, is awaited or on its way; or since when the connection is ending. */
  let sinceMs = deps.now();

  const reader = createRequestReader(
    {
      onHead: (head, bodyBytes) => begin(head, bodyBytes),
      onData: (chunk) => sink?.onData(chunk),
      onEnd: () => {
        isRequestWhole = true;
        const told = sink;
        sink = undefined;
        told?.onEnd();
        settle();
      },
      onFault: (fault) => breakOff(fault),
    },
    deps.memory,
  );

  const begin = (head: RequestHead, bodyBytes: number | undefined): void => {
    const startedMs = deps.now();
    const { method, target, rawHeaders, headers } = head;
    if (!hasBegun) sinceMs = startedMs;
    hasBegun = false;
    hasServed = true;
    visit = { method, target, rawHeaders, headers, bodyBytes, startedMs, peer, localAddress, channel };
    isRequestWhole = bodyBytes === 0;
    ({ expectsContinue } = head);
    answer.start(head);
    deps.onArrival();
    deps.handle(visit);
  };
  /** The visit is over once its request and its answer are whole, and the answer has left. */
  const settle = (): void => {
    if (visit === undefined || !answer.isEnded() || socket.writableLength > 0) return;
    if (!answer.keepsAlive()) {
      over();
      endInOrder();
    } else if (isRequestWhole) {
      over();
      goOn();
    } else deps.onLeave();
  };
  const over = (): void => {
    const told = toldOnOver;
    visit = undefined;
    watcher = undefined;
    sink = undefined;
    toldOnOver = undefined;
    if (told !== undefined) for (const each of told) each();
    deps.onLeave();
  };
  const isEnded = (): boolean => isEnding;
  /** Serves what had to wait, once those who are at work have done their part. */
  const goOn = (): void => {
    sinceMs = Number.POSITIVE_INFINITY;
    if (rest === undefined) return;
    queueMicrotask(() => {
      const bytes = rest;
      rest = undefined;
      if (isEnding || bytes === undefined) return;
      // More may have to wait behind what waited.
      if (!feed(bytes) && !isEnded()) socket.resume();
    });
  };
  /** Reads on; true where something has to wait. */
  const feed = (bytes: Buffer): boolean => {
    let next: Buffer | undefined = bytes;
    while (next !== undefined && !isEnding) {
      next = reader.push(next);
      if (next !== undefined && visit !== undefined) {
        rest = next;
        socket.pause();
        return true;
      }
    }
    noteBeginning();
    return false;
  };
  const noteBeginning = (): void => {
    if (visit !== undefined || hasBegun || reader.isIdle()) return;
    hasBegun = true;
    // The time for the first head runs from the connection's beginning.
    if (hasServed) sinceMs = deps.now();
  };
  /** Lets the last answer reach its client. What more it writes is not read: it might write without an end. */
  const endInOrder = (): void => {
    isEnding = true;
    const isAllRead = isRequestWhole && rest === undefined && reader.isIdle();
    reader.stop();
    rest = undefined;
    if (isAllRead) {
      socket.destroySoon();
      return;
    }
    sinceMs = deps.now();
    socket.end();
    // A listener in paused mode takes the bytes, and after a buffer full of them the system holds them back.
    socket.on("readable", () => undefined);
  };
  const endWith = (text: string): void => {
    isRequestWhole = false;
    socket.write(text, "latin1");
    endInOrder();
  };
  /** Ends the visit whose client does not get its answer; `last` is done before those at work hear of it. */
  const abandon = (last: () => void): void => {
    const [body, client] = [sink, watcher];
    if (visit !== undefined) over();
    last();
    body?.onBroken();
    client?.gone();
  };
  const breakOff = ({ status }: Pick<RequestFault, "status">): void => {
    if (visit === undefined) {
      endWith(writeLastAnswer(status));
      return;
    }
    answer.endConnection();
    const told = sink;
    sink = undefined;
    told?.onBroken();
    settle();
  };
  const whenFlushed = (): void => {
    if (isClosed) return;
    if (socket.writableLength === 0) settle();
    else socket.write("", () => settle());
  };
  const mine = (asked: Visit): boolean => asked === visit && !isClosed;

  const channel: Channel = {
    readBody: (asked, to) => {
      if (!mine(asked)) return;
      sink = to;
      if (expectsContinue && asked.bodyBytes !== 0) socket.write("HTTP/1.1 100 Continue\r\n\r\n", "latin1");
      expectsContinue = false;
    },
    stopBody: (asked) => {
      if (mine(asked)) sink = undefined;
    },
    watch: (asked, to) => {
      if (mine(asked)) watcher = to;
    },
    head: (asked, head) => {
      if (!mine(asked)) return;
      // A client that was not told to go on may send the body all the same, or not.
      answer.head(expectsContinue && !isRequestWhole ? { ...head, isLast: true } : head);
    },
    flush: (asked) => {
      if (mine(asked)) answer.flush();
    },
    write: (asked, chunk) => !mine(asked) || answer.write(chunk),
    end: (asked, chunk) => {
      if (!mine(asked) || answer.isEnded()) return;
      answer.end(chunk);
      whenFlushed();
    },
    unreadBytes: (asked) => (mine(asked) ? socket.writableLength : 0),
    destroy: (asked) => {
      if (mine(asked)) socket.destroy();
    },
    isOpen: mine,
    onOver: (asked, told) => {
      if (mine(asked)) (toldOnOver ??= []).push(told);
      else told();
    },
  };

  socket.on("data", (chunk: Buffer) => {
    if (isEnding) return;
    if (visit !== undefined && isRequestWhole) {
      rest = rest === undefined ? chunk : Buffer.concat([rest, chunk]);
      socket.pause();
      return;
    }
    feed(chunk);
  });
  socket.on("drain", () => watcher?.drain());
  socket.on("end", () => onClientEnd());
  socket.on("error", () => undefined);
  socket.on("timeout", () => {
    if (socket.writableLength === 0) return;
    deps.onSlow("slow_reader");
    socket.destroy();
  });
  socket.on("close", () => {
    isClosed = true;
    isEnding = true;
    reader.stop();
    if (answer.isEnded() && socket.writableLength === 0) watcher = undefined;
    abandon(() => undefined);
  });

  /** Who ends its side in the middle of a request can't be understood; who waits for an answer has left. */
  const onClientEnd = (): void => {
    if (isEnding) return;
    if (!isRequestWhole || (visit === undefined && !reader.isIdle())) {
      reader.stop();
      breakOff({ status: 400 });
    } else if (visit !== undefined && answer.isEnded()) answer.endConnection();
    else {
      isEnding = true;
      abandon(() => socket.destroySoon());
    }
  };
  const endSlow = (): void => {
    deps.onSlow("slow_request");
    const isCut = visit !== undefined && answer.isSent();
    abandon(() => {
      if (isCut) socket.destroy();
      else endWith(writeLastAnswer(408));
    });
  };
  const tendReader = (): void => {
    const isWaiting = socket.writableLength > 0;
    if (isWaiting === isReaderTimed) return;
    isReaderTimed = isWaiting;
    socket.setTimeout(isWaiting ? times.readerMs : 0);
  };
  const awaits = (): Awaited => {
    if (isEnding) return "end";
    if (visit !== undefined) return isRequestWhole ? "answer" : "body";
    return hasServed && reader.isIdle() ? "next" : "head";
  };
  const isIdle = (): boolean => visit === undefined && reader.isIdle();

  return {
    isMoving: () => {
      if (visit === undefined) return false;
      return answer.isEnded() ? socket.writableLength > 0 : visit.method === "POST" && !isRequestWhole;
    },
    isIdle,
    endWithAnswer: () => {
      if (visit !== undefined) answer.endConnection();
    },
    tend: (nowMs) => {
      tendReader();
      const awaited = awaits();
      // Who comes rarely, or stays long, is not read sooner by it.
      if (awaited === "next" || awaited === "answer") reader.forget();
      if (sinceMs > nowMs) sinceMs = nowMs;
      const judged = judgePatience(awaited, nowMs - sinceMs, times);
      if (judged === "slow") endSlow();
      else if (judged === "over") socket.destroy();
    },
    destroy: () => {
      socket.destroy();
    },
  };
}
