/**
 * One session's process as the bridge sees it: its lines in and out, its end. Which message goes where is not decided here.
 * A child has a logical end (no message in or out any more, told once) and is gone later, when nothing of it is left.
 */
import type { Logger } from "@outrigger/runtime/logger";
import type { QueuedMessage } from "../../bridge/link.ts";
import { readServerMessage, type ServerMessage } from "../../bridge/read-message.ts";
import type { ChildEnd } from "./child-end.ts";
import { createInput } from "./input.ts";
import { toLine } from "./line.ts";
import { createOutput } from "./output.ts";
import type { ServerStreams, StreamsListener, StreamSource } from "./streams.ts";

/** What a child needs to live. Bounds in bytes. */
export interface ChildSettings {
  readonly source: StreamSource;
  readonly maxLineBytes: number;
  readonly maxQueuedBytes: number;
  readonly logger: Logger;
  readonly now: () => number;
}

/** Who hears of a child. `onEnd` comes exactly once and after it nothing. */
export interface ChildListener {
  readonly onMessage: (message: ServerMessage) => void;
  readonly onEnd: (end: ChildEnd) => void;
}

/** A running child. */
export interface Child {
  readonly pid: number | undefined;
  /** Whether it has ever answered a request. */
  readonly hasAnswered: () => boolean;
  /** Queues a message; undefined where the queue is full or the child has ended. */
  readonly write: (message: Uint8Array) => QueuedMessage | undefined;
  /** Stops reading its stdout until every holder has released it. */
  readonly hold: (holder: object) => void;
  readonly release: (holder: object) => void;
  readonly stop: (message: string) => void;
  /** Settles when nothing of it is left. */
  readonly gone: Promise<void>;
}

/** Starts a child. A start that fails is told by `onEnd` like any other end, never by a throw. */
export function startChild(settings: ChildSettings, listener: ChildListener): Child {
  const { source, logger, now } = settings;
  // Streams tell of themselves only after they were opened.
  const heard: { by?: StreamsListener } = {};
  const opened = source.open(
    { onEnd: (end, lives) => heard.by?.onEnd(end, lives), onExit: () => heard.by?.onExit() },
    { logger, now },
  );
  if (!opened.ok) {
    queueMicrotask(() => listener.onEnd(opened.end));
    return createDeadChild();
  }
  const { child, streamsListener } = superviseChild(opened.streams, settings, listener);
  heard.by = streamsListener;
  return child;
}

/** Stands in for a child that never was: it takes lines as if they waited, so that its end fails their requests. */
function createDeadChild(): Child {
  const nothing = (): void => undefined;
  return {
    pid: undefined,
    hasAnswered: () => false,
    write: () => ({ isWritten: () => false, drop: () => true }),
    hold: nothing,
    release: nothing,
    stop: nothing,
    gone: Promise.resolve(),
  };
}

function superviseChild(
  streams: ServerStreams,
  settings: ChildSettings,
  listener: ChildListener,
): { readonly child: Child; readonly streamsListener: StreamsListener } {
  const logger = settings.logger.child({ pid: streams.pid });
  const input = createInput(streams.input, settings.maxQueuedBytes);
  let hasEnded = false;
  let hasAnswered = false;
  const end = (why: ChildEnd, lives: "lives" | "gone"): void => {
    if (hasEnded) return;
    hasEnded = true;
    output.close();
    listener.onEnd(why);
    if (lives === "lives") streams.end(input);
  };
  const output = createOutput(streams.output, {
    maxLineBytes: settings.maxLineBytes,
    onLine: (line) => {
      const message = readServerMessage(line);
      if (message === undefined) {
        if (streams.takeNotice(line)) return;
        logger.warn({ bytes: line.length }, "a line of the server is no message and was skipped");
        return;
      }
      if (message.type === "response") hasAnswered = true;
      listener.onMessage(message);
    },
    onOverflow() {
      const message = `the server sent a line of more than ${settings.maxLineBytes} bytes`;
      end({ kind: "Broken", message }, "lives");
    },
  });
  return {
    child: {
      pid: streams.pid,
      hasAnswered: () => hasAnswered,
      write: (message) => (hasEnded ? undefined : input.write(toLine(message))),
      hold: output.hold,
      release: output.release,
      stop: (message) => end({ kind: "Stopped", message }, "lives"),
      gone: streams.gone,
    },
    streamsListener: { onEnd: end, onExit: output.releaseAll },
  };
}
