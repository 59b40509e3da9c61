/**
 * Takes the time of a call now and then, to the first byte of its answer. Few are timed: what it costs a call that is not is one look.
 * What the times mean is decided in judge-pace.ts.
 */
import { findMethod } from "@outrigger/mcp";
import type { Upstream, UpstreamRequest } from "../upstream/upstream.ts";

/** What a meter needs. `now`: a steady clock in ms. */
export interface PaceMeterOptions {
  readonly now: () => number;
  /** Names come from callers: only those of the catalogue are followed. */
  readonly knowsTool: (name: string) => boolean;
  readonly onAnswer: (question: string, tookMs: number) => void;
}

/** Times one call at a time, and pauses in between. */
export interface PaceMeter {
  /** The same upstream, with some of its calls timed. */
  readonly watch: (upstream: Upstream) => Upstream;
  readonly close: () => void;
}

const pauseMs = 500;

/** Creates the meter. */
export function createPaceMeter({ now, knowsTool, onAnswer }: PaceMeterOptions): PaceMeter {
  let isDue = true;
  let timer: NodeJS.Timeout | undefined;
  const pause = (): void => {
    isDue = false;
    timer = setTimeout(() => (isDue = true), pauseMs).unref();
  };
  return {
    watch: (upstream) => ({
      close: upstream.close,
      send: (request, sink) => {
        const question = isDue ? questionOf(request, knowsTool) : undefined;
        if (question === undefined) return upstream.send(request, sink);
        pause();
        const startedMs = now();
        return upstream.send(request, {
          ...sink,
          onHead: (status, headers) => {
            // A refusal in no time says nothing of how long an answer takes.
            if (status < 400) onAnswer(question, now() - startedMs);
            sink.onHead(status, headers);
          },
        });
      },
    }),
    close: () => clearTimeout(timer),
  };
}

/** What is asked; undefined for what waits for something other than the server. */
function questionOf({ message }: UpstreamRequest, knowsTool: PaceMeterOptions["knowsTool"]): string | undefined {
  if (message?.type !== "request") return undefined;
  const { method, name } = message;
  if (method === undefined || method === "subscriptions/listen" || findMethod(method) === undefined) return undefined;
  if (method !== "tools/call") return method;
  return name !== undefined && knowsTool(name) ? `${method} ${name}` : undefined;
}
