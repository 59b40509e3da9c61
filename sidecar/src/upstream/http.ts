/** An HTTP server as upstream: raw bytes and raw headers both ways over the free list; no retry, no redirect, no timers. */
import type { Dispatcher } from "undici";
import { createFreeList, type ConnectionLimits, type Lease } from "./free-list.ts";
import type { Upstream, UpstreamCall, UpstreamFailure, UpstreamRequest, UpstreamSink } from "./upstream.ts";

/** The upstream of an HTTP server, with its connections under way. */
export interface HttpUpstream extends Upstream {
  readonly inUse: () => { readonly calls: number; readonly streams: number };
}

/** Creates the upstream for one origin such as `http://127.0.0.1:8080`. */
export function createHttpUpstream(origin: string, limits: ConnectionLimits): HttpUpstream {
  const connections = createFreeList(origin, limits);
  return {
    send: (request, sink) => {
      const lease = connections.take(request.method === "GET" ? "stream" : "call");
      if (lease !== undefined) return dispatch(lease, request, sink);
      sink.onFailure({
        reason: "FloodLimited",
        message: "too many requests are under way to this server",
        sent: false,
      });
      return { resume: () => undefined, abort: () => undefined };
    },
    inUse: connections.inUse,
    close: connections.close,
  };
}

/** Where a dispatched request is: it ends once, by end, failure or abort. */
interface Progress {
  ended: boolean;
  connected: boolean;
  controller: Dispatcher.DispatchController | undefined;
}

function dispatch(lease: Lease, request: UpstreamRequest, sink: UpstreamSink): UpstreamCall {
  const progress: Progress = { ended: false, connected: false, controller: undefined };
  lease.client.dispatch(
    {
      path: request.path,
      method: request.method,
      headers: [...request.headers],
      body: request.body ?? null,
    },
    createHandler({ lease, progress, sink }),
  );
  return {
    resume: () => progress.controller?.resume(),
    abort: () => {
      if (progress.ended) return;
      progress.ended = true;
      lease.discard();
    },
  };
}

function createHandler(call: { lease: Lease; progress: Progress; sink: UpstreamSink }): Dispatcher.DispatchHandler {
  const { lease, progress, sink } = call;
  const fail = (failure: UpstreamFailure): void => {
    if (progress.ended) return;
    progress.ended = true;
    lease.discard();
    sink.onFailure(failure);
  };
  return {
    onRequestStart: (controller) => {
      progress.controller = controller;
      progress.connected = true;
    },
    onResponseStart: (controller, statusCode) => {
      if (progress.ended) return;
      const headers = decodeHeaders(controller.rawHeaders);
      if (isEventStream(headers) && !lease.becomeStream()) {
        fail({ reason: "FloodLimited", message: "too many streams are open to this server", sent: true });
        return;
      }
      sink.onHead(statusCode, headers);
    },
    onResponseData: (controller, chunk) => {
      if (!progress.ended && !sink.onData(chunk)) controller.pause();
    },
    onResponseEnd: () => {
      if (progress.ended) return;
      progress.ended = true;
      lease.giveBack();
      sink.onEnd();
    },
    onResponseError: (_controller, error) => fail(describeFailure(error, progress.connected)),
  };
}

function describeFailure(error: Error, connected: boolean): UpstreamFailure {
  if (!connected) {
    return { reason: "UpstreamUnavailable", message: `the server can't be reached: ${error.message}`, sent: false };
  }
  return { reason: "UpstreamBroken", message: `the server ended its answer early: ${error.message}`, sent: true };
}

function decodeHeaders(raw: unknown): string[] {
  // undici gives raw headers as a flat list of buffers, which are latin1 on the wire (RFC 9110 section 5.5).
  const list = Array.isArray(raw) ? (raw as (Buffer | string)[]) : [];
  return list.map((item) => (typeof item === "string" ? item : item.toString("latin1")));
}

/** Says whether a flat header list declares `text/event-stream`. */
export function isEventStream(headers: readonly string[]): boolean {
  return readMediaType(headers) === "text/event-stream";
}

/** The media type of a flat header list, lower-case and without parameters; empty where there is none. */
export function readMediaType(headers: readonly string[]): string {
  return (findHeader(headers, "content-type")?.split(";", 1)[0] ?? "").trim().toLowerCase();
}

/** The first value of a header in a flat list; names ignore case. */
export function findHeader(headers: readonly string[], name: string): string | undefined {
  for (let at = 0; at + 1 < headers.length; at += 2) {
    if (headers[at]?.toLowerCase() === name) return headers[at + 1];
  }
  return undefined;
}
