/**
 * The HTTP requests of the endpoint port: which one a message has come with, and what became of those of which no message was read.
 * Decides which requests are told of: all but those for health.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import type { IncomingHttpHeaders, ServerResponse } from "node:http";
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Reason } from "@outrigger/api/reasons";
import { healthPaths } from "@outrigger/runtime/health";

/**
 * A request. `path`: without the query; `startedMs`: on the clock of operations; `caller`: its principal's id once that is known, before that and
 * of nobody in particular `address:` and an address; `refusal`: why it went no further than the door.
 */
export interface Arrival {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  caller: string;
  refusal?: Reason;
  readonly startedMs: number;
  /** Messages that were read from it so far. */
  messages: number;
}

/** A request that has been answered. `route`: the pattern of its path; undefined for a path that is not served. */
export interface AnsweredArrival {
  readonly arrival: Arrival;
  readonly status: number;
  readonly route: string | undefined;
}

/** The requests under way. */
export interface Arrivals {
  /** Follows the requests of an app; to be called before its routes are added. `callerOf`: how whoever passed one on names its caller. */
  readonly watch: (app: FastifyInstance, callerOf?: (request: FastifyRequest) => string | undefined) => void;
  /** The request that is served now is told of by another replica. */
  readonly leaveToAnother: () => void;
  /** The request that what runs now belongs to. */
  readonly current: () => Arrival | undefined;
  /** That of a request, from the moment on at which it is followed. */
  readonly of: (request: FastifyRequest) => Arrival | undefined;
}

/** Creates it. `onAnswered` hears of each request when its answer has ended. */
export function createArrivals(options: {
  readonly now: () => number;
  readonly onAnswered: (answered: AnsweredArrival) => void;
}): Arrivals {
  const running = new AsyncLocalStorage<Arrival>();
  const arrivals = new WeakMap<FastifyRequest, Arrival>();
  const follow = (request: FastifyRequest, response: ServerResponse, passedOnFor: string | undefined): void => {
    const arrival = readArrival(request, options.now(), passedOnFor);
    arrivals.set(request, arrival);
    // Comes for each response, also for one whose reader has gone, which has no end.
    response.once("close", () => {
      const status = response.headersSent ? response.statusCode : goneStatus;
      const route = request.is404 ? undefined : request.routeOptions.url;
      options.onAnswered({ arrival, status, route });
    });
  };
  return {
    watch: (app, callerOf) => {
      app.addHook("onRequest", (request, reply, done) => {
        if (!healthPaths.includes(pathOf(request.url))) follow(request, reply.raw, callerOf?.(request));
        done();
      });
      // Not earlier: a body is read in events of the socket, which belong to no request.
      app.addHook("preHandler", (request, _reply, done) => {
        const arrival = arrivals.get(request);
        if (arrival === undefined) done();
        else running.run(arrival, done);
      });
    },
    leaveToAnother: () => {
      const arrival = running.getStore();
      if (arrival !== undefined) arrival.messages++;
    },
    current: () => running.getStore(),
    of: (request) => arrivals.get(request),
  };
}

/** Stands for a caller that went before there was an answer; no such status is sent. */
const goneStatus = 499;

function readArrival(request: FastifyRequest, startedMs: number, passedOnFor: string | undefined): Arrival {
  const { method, url, headers, socket } = request;
  const address = socket.remoteAddress?.replace(/^::ffff:/, "") ?? "unknown";
  return { method, path: pathOf(url), headers, caller: passedOnFor ?? `address:${address}`, startedMs, messages: 0 };
}

const pathOf = (url: string): string => url.split("?", 1)[0] ?? "";
