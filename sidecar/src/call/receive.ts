/**
 * The door: which paths and methods are served, who may come in, and how a body is read within its limit. First stage.
 * fastify gives the listener and its limits; bodies are raw bytes and answers go to the raw response.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { rpcCodes, type WireReason } from "@outrigger/api/errors";
import { buildError } from "@outrigger/mcp";
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import { runCall } from "./call.ts";
import { createClientSide } from "./client-side.ts";
import type { CallDeps, Received, RunningCall } from "./exchange.ts";
import { identifyCaller, refuseArrival, type AddressRules } from "./identify.ts";
import { recordExchange } from "./record-exchange.ts";
import { refuseFor, type Refusal } from "./refuse.ts";

/** What the door knows beside the call. `path` is ours, `upstreamPath` the server's. */
export interface DoorOptions {
  readonly path: string;
  readonly upstreamPath: string;
  readonly addresses: AddressRules;
  /** Hears of every request, before anything else. */
  readonly admit: (response: ServerResponse) => void;
  /** True while connections are to end with their next answer, so that clients come to another replica. */
  readonly isLeaving: () => boolean;
}

/** Creates the data listener; it is not listening yet. */
export function createDoor(deps: CallDeps, options: DoorOptions): FastifyInstance {
  const app = fastify({
    logger: false,
    bodyLimit: Number.MAX_SAFE_INTEGER,
    keepAliveTimeout: 72_000,
    requestTimeout: 60_000,
    forceCloseConnections: true,
    exposeHeadRoutes: false,
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", (_request, payload, done) => {
    readBody(payload, deps.policy().compiled.maxRequestBytes).then(
      (body) => done(null, body),
      (error: unknown) => done(error instanceof Error ? error : new Error(String(error))),
    );
  });
  app.addHook("onRequest", (request, reply, done) => {
    options.admit(reply.raw);
    if (options.isLeaving()) reply.raw.shouldKeepAlive = false;
    const refusal = refuseAtDoor(deps, request, options);
    if (refusal === undefined) done();
    else sendRefusal(reply, refusal);
  });
  app.route({
    method: ["POST", "GET", "DELETE"],
    url: "*",
    handler: (request, reply) => receive(deps, options, { request, reply }),
  });
  app.setNotFoundHandler((_request, reply) => sendRefusal(reply, methodNotAllowed));
  app.setErrorHandler((_error, _request, reply) => sendRefusal(reply, unreadable));
  return app;
}

const methodNotAllowed: Refusal = {
  status: 405,
  headers: ["content-type", "application/json", "allow", "GET, POST, DELETE"],
  body: buildError({ code: rpcCodes.invalidRequest, message: "Method not allowed" }),
};

const unreadable: Refusal = {
  status: 400,
  headers: ["content-type", "application/json"],
  body: buildError({ code: rpcCodes.invalidRequest, message: "The request's body could not be read to its end." }),
};

const wrongType: Refusal = {
  status: 415,
  headers: ["content-type", "application/json"],
  body: buildError({
    code: rpcCodes.invalidRequest,
    message: "Unsupported media type: send application/json, uncompressed.",
  }),
};

function sendRefusal(reply: FastifyReply, refusal: Refusal): void {
  reply.hijack();
  reply.raw.writeHead(refusal.status, [...refusal.headers, "content-length", String(refusal.body.length)]);
  reply.raw.end(refusal.body);
}

/** Reads a body up to its limit; resolves to undefined where it is longer, and the rest is never read. */
function readBody(payload: IncomingMessage, limitBytes: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  return new Promise((resolve, reject) => {
    payload.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size > limitBytes) {
        payload.pause();
        payload.removeAllListeners("data");
        resolve(undefined);
      } else chunks.push(chunk);
    });
    payload.on("end", () =>
      resolve(chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks)),
    );
    payload.on("error", reject);
    payload.on("aborted", () => reject(new Error("the client left before the end of the body")));
  });
}

const doorSentences = {
  HostNotAllowed: "Forbidden: the Host header names somebody else.",
  OriginNotAllowed: "Forbidden: the Origin is not allowed.",
  PathNotServed: "Not found: this is not the MCP endpoint.",
} as const satisfies Partial<Record<WireReason, string>>;

function refuseAtDoor(deps: CallDeps, request: FastifyRequest, options: DoorOptions): Refusal | undefined {
  const { headers, socket } = request.raw;
  const { localAddress } = socket;
  const reason =
    refuseArrival({ host: headers.host, origin: headers.origin, localAddress }, options.addresses) ??
    (upstreamPathOf(request.raw, options) === undefined ? "PathNotServed" : undefined);
  if (reason === "HostNotAllowed" || reason === "OriginNotAllowed" || reason === "PathNotServed") {
    return refuseFor({ era: "legacy", server: deps.server }, { reason, text: doorSentences[reason] });
  }
  if (request.method === "POST" && !isPlainJson(headers)) return wrongType;
  return undefined;
}

function isPlainJson(headers: IncomingMessage["headers"]): boolean {
  const mediaType = (headers["content-type"] ?? "").split(";", 1)[0]?.trim().toLowerCase();
  const encoding = headers["content-encoding"] ?? "identity";
  return mediaType === "application/json" && encoding === "identity";
}

/** Where OAuth metadata stands, with the path of the resource behind it. Source: RFC 9728 section 3.1, RFC 8414 section 3.1. */
const metadataPath =
  /^\/\.well-known\/(?:oauth-protected-resource|oauth-authorization-server|openid-configuration)((?:\/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*)\/?$/;

/** The server's path for a request: its MCP endpoint with or without a slash at the end, or OAuth metadata; else undefined. */
function upstreamPathOf(request: IncomingMessage, options: DoorOptions): string | undefined {
  const url = request.url ?? "";
  const queryAt = url.indexOf("?");
  const path = queryAt < 0 ? url : url.slice(0, queryAt);
  const query = queryAt < 0 ? "" : url.slice(queryAt);
  if (path === options.path) return options.upstreamPath + query;
  if (path === `${options.path}/`) return `${options.upstreamPath}/${query}`;
  return request.method === "GET" && metadataPath.test(path) ? url : undefined;
}

function receive(deps: CallDeps, options: DoorOptions, at: { request: FastifyRequest; reply: FastifyReply }): void {
  const { request, reply } = at;
  reply.hijack();
  const handles: { running: RunningCall | undefined } = { running: undefined };
  const client = createClientSide(reply.raw, {
    drain: () => handles.running?.onDrain(),
    gone: () => handles.running?.onGone(),
    isLeaving: options.isLeaving,
  });
  const received: Received = {
    method: request.method === "GET" ? "GET" : request.method === "DELETE" ? "DELETE" : "POST",
    path: upstreamPathOf(request.raw, options) ?? options.upstreamPath,
    rawHeaders: request.raw.rawHeaders,
    headers: request.raw.headers,
    // The parser above gives a buffer, or undefined where the body is too large; GET and DELETE have none.
    body: request.body as Buffer | undefined,
    caller: identifyCaller(request.raw.socket.remoteAddress),
    startedMs: deps.now(),
  };
  if (received.method === "POST" && received.body === undefined) {
    refuseTooLarge(deps, received, client);
    return;
  }
  handles.running = runCall(deps, received, client);
}

function refuseTooLarge(deps: CallDeps, received: Received, client: ReturnType<typeof createClientSide>): void {
  const text = `The request is larger than the ${deps.policy().compiled.maxRequestBytes} bytes that are allowed.`;
  const refusal = refuseFor({ era: "legacy", server: deps.server }, { reason: "RequestTooLarge", text });
  // The rest of the body was not read, so the connection can't serve another request.
  client.refuse({ ...refusal, headers: [...refusal.headers, "connection", "close"] });
  recordExchange(deps, { received, client }, { method: "unread", isTool: false, reason: "RequestTooLarge" });
}
