/**
 * The HTTP requests of the endpoint port: which one a message has come with, and what became of those of which no message was read.
 * Decides which requests are told of: all but those for health.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import type { IncomingHttpHeaders, ServerResponse } from "node:http";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { healthPaths } from "@outrigger/runtime/health";

/** A request. `path`: without the query; `startedMs`: on the clock of operations; `caller`: `address:` and the peer's address. */
export interface Arrival {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly caller: string;
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
  /** Follows the requests of an app; to be called before its routes are added. */
  readonly watch: (app: FastifyInstance) => void;
  /** The request that what runs now belongs to. */
  readonly current: () => Arrival | undefined;
}

/** Creates it. `onAnswered` hears of each request when its answer has ended. */
export function createArrivals(options: {
  readonly now: () => number;
  readonly onAnswered: (answered: AnsweredArrival) => void;
}): Arrivals {
  const running = new AsyncLocalStorage<Arrival>();
  const arrivals = new WeakMap<FastifyRequest, Arrival>();
  const follow = (request: FastifyRequest, response: ServerResponse): void => {
    const arrival = readArrival(request, options.now());
    arrivals.set(request, arrival);
    // Comes for each response, also for one whose reader has gone, which has no end.
    response.once("close", () => {
      const status = response.headersSent ? response.statusCode : goneStatus;
      const route = request.is404 ? undefined : request.routeOptions.url;
      options.onAnswered({ arrival, status, route });
    });
  };
  return {
    watch: (app) => {
      app.addHook("onRequest", (request, reply, done) => {
        if (!healthPaths.includes(pathOf(request.url))) follow(request, reply.raw);
        done();
      });
      // Not earlier: a body is read in events of the socket, which belong to no request.
      app.addHook("preHandler", (request, _reply, done) => {
        const arrival = arrivals.get(request);
        if (arrival === undefined) done();
        else running.run(arrival, done);
      });
    },
    current: () => running.getStore(),
  };
}

/** Stands for a caller that went before there was an answer; no such status is sent. */
const goneStatus = 499;

function readArrival(request: FastifyRequest, startedMs: number): Arrival {
  const { method, url, headers, socket } = request;
  const address = socket.remoteAddress?.replace(/^::ffff:/, "") ?? "unknown";
  return { method, path: pathOf(url), headers, caller: `address:${address}`, startedMs, messages: 0 };
}

const pathOf = (url: string): string => url.split("?", 1)[0] ?? "";
