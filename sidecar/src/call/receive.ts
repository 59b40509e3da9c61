/**
 * The door: which paths and methods are served, who may come in, and how a body is read within its limit. First stage.
 * Bodies are raw bytes and answers go to the raw response.
 */
import { rpcCodes, type WireReason } from "@outrigger/api/errors";
import type { Reason } from "@outrigger/api/reasons";
import { buildError } from "@outrigger/mcp";
import { createHttpServer, type HttpServer, type HttpServerOptions } from "../downstream/http1/server.ts";
import type { Visit, VisitHeaders } from "../downstream/visit.ts";
import { readBody, type BodyReading } from "./body.ts";
import { runCall } from "./call.ts";
import { nameCaller } from "./callers.ts";
import { createClientSide } from "./client-side.ts";
import type { CallDeps } from "./exchange.ts";
import type { Received } from "./received.ts";
import type { RunningCall } from "./running-call.ts";
import { createArrivalCheck, identifyCaller, type AddressRules } from "./identify.ts";
import { recordArrival, recordExchange } from "./record-exchange.ts";
import { refuseSender } from "./refuse-sender.ts";
import { refuseFor, type Refusal } from "./refuse.ts";
import type { SseDoor } from "../sse-door/sse-door.ts";

/** What the door knows beside the call. `path` is ours, `upstreamPath` the server's. */
export interface DoorOptions extends Pick<HttpServerOptions, "guard" | "traffic"> {
  readonly path: string;
  readonly upstreamPath: string;
  readonly addresses: AddressRules;
  /** True while connections are to end with their next answer, so that clients come to another replica. */
  readonly isLeaving: () => boolean;
  /** Serves clients that speak the older HTTP+SSE transport. */
  readonly sseDoor?: SseDoor;
}

/** Creates the data listener; it is not listening yet. */
export function createDoor(deps: CallDeps, options: DoorOptions): HttpServer {
  const door: Door = { deps, options, refuseArrival: createArrivalCheck(options.addresses) };
  return createHttpServer({ ...options, handle: (visit) => enter(door, visit), now: deps.now });
}

interface Door {
  readonly deps: CallDeps;
  readonly options: DoorOptions;
  readonly refuseArrival: ReturnType<typeof createArrivalCheck>;
}

function enter(door: Door, visit: Visit): void {
  const { deps } = door;
  const method = methods.get(visit.method);
  const refusal = method === undefined ? methodNotAllowed : refuseAtDoor(door, visit);
  if (refusal !== undefined || method === undefined) refuseUnread(door, visit, refusal ?? methodNotAllowed);
  else if (method !== "POST") receive(door, visit, { method, body: undefined });
  else {
    const done = (reading: BodyReading): void => {
      if (typeof reading !== "string") receive(door, visit, { method, body: reading });
      else if (reading === "too large") receive(door, visit, { method, body: undefined });
      else refuseUnread(door, visit, reading === "no room" ? refuseCrowd(deps) : unreadable);
    };
    readBody(visit, { limitBytes: deps.policy().compiled.maxRequestBytes, budget: deps.budget, done });
  }
}

const methods: ReadonlyMap<string, Received["method"]> = new Map([
  ["POST", "POST"],
  ["GET", "GET"],
  ["DELETE", "DELETE"],
]);

/** The answer to a request that nobody reads to its end, and why. */
interface DoorRefusal extends Refusal {
  readonly reason: Reason;
}

const methodNotAllowed: DoorRefusal = {
  reason: "RequestMalformed",
  status: 405,
  headers: ["content-type", "application/json", "allow", "GET, POST, DELETE"],
  body: buildError({ code: rpcCodes.invalidRequest, message: "Method not allowed" }),
};

const unreadable: DoorRefusal = {
  reason: "RequestMalformed",
  status: 400,
  headers: ["content-type", "application/json"],
  body: buildError({ code: rpcCodes.invalidRequest, message: "The request's body could not be read to its end." }),
};

const wrongType: DoorRefusal = {
  reason: "RequestMalformed",
  status: 415,
  headers: ["content-type", "application/json"],
  body: buildError({
    code: rpcCodes.invalidRequest,
    message: "Unsupported media type: send application/json, uncompressed.",
  }),
};

const bodyWithoutPlace: DoorRefusal = {
  reason: "RequestMalformed",
  status: 400,
  // The rest of the request is not read.
  headers: ["content-type", "application/json", "connection", "close"],
  body: buildError({ code: rpcCodes.invalidRequest, message: "Only a POST has a body." }),
};

/** As many bytes are held as may be. The rest of the body is not read, so the connection can't serve another request. */
function refuseCrowd({ server }: CallDeps): DoorRefusal {
  const why = {
    reason: "FloodLimited",
    text: "Too many large requests are under way. Try again in a second.",
  } as const;
  const refusal = refuseFor({ era: "legacy", server }, { ...why, retryAfterMs: 1_000 });
  return { ...refusal, headers: [...refusal.headers, "connection", "close"], reason: why.reason };
}

function refuseUnread({ deps, options }: Door, visit: Visit, refusal: DoorRefusal): void {
  const { headers, peer, channel } = visit;
  const { status, reason, body } = refusal;
  const answerHeaders = [...refusal.headers, "content-length", String(body.length)];
  channel.head(visit, { status, headers: answerHeaders, isLast: options.isLeaving() });
  channel.end(visit, body);
  recordArrival(deps, { headers, caller: identifyCaller(peer) }, { status, reason, responseBytes: body.length });
}

const doorSentences = {
  HostNotAllowed: "Forbidden: the Host header names somebody else.",
  OriginNotAllowed: "Forbidden: the Origin is not allowed.",
  PathNotServed: "Not found: this is not the MCP endpoint.",
} as const satisfies Partial<Record<WireReason, string>>;

function refuseAtDoor(door: Door, visit: Visit): DoorRefusal | undefined {
  const { deps, options } = door;
  const { headers, localAddress } = visit;
  const refused = refuseSender(deps, visit);
  if (refused !== undefined) return refused;
  const reason =
    door.refuseArrival({ host: textOf(headers["host"]), origin: textOf(headers["origin"]), localAddress }) ??
    (isServed(visit, options) ? undefined : "PathNotServed");
  if (reason === "HostNotAllowed" || reason === "OriginNotAllowed" || reason === "PathNotServed") {
    return { ...refuseFor({ era: "legacy", server: deps.server }, { reason, text: doorSentences[reason] }), reason };
  }
  return refuseBody(visit);
}

const textOf = (value: VisitHeaders[string]): string | undefined => (typeof value === "string" ? value : undefined);

const isServed = (visit: Visit, options: DoorOptions): boolean =>
  upstreamPathOf(visit, options) !== undefined || options.sseDoor?.claims(visit) === true;

/** A body is JSON. Nobody reads what a GET or DELETE brings, so nobody could decide on it. */
function refuseBody({ method, bodyBytes, headers }: Visit): DoorRefusal | undefined {
  if (method === "POST") return isPlainJson(headers) ? undefined : wrongType;
  return bodyBytes !== 0 && (method === "GET" || method === "DELETE") ? bodyWithoutPlace : undefined;
}

function isPlainJson(headers: VisitHeaders): boolean {
  const type = textOf(headers["content-type"]) ?? "";
  const mediaType = type === "application/json" ? type : type.split(";", 1)[0]?.trim().toLowerCase();
  const encoding = headers["content-encoding"] ?? "identity";
  return mediaType === "application/json" && encoding === "identity";
}

/** Where OAuth metadata stands, with the path of the resource behind it. Source: RFC 9728 section 3.1, RFC 8414 section 3.1. */
const metadataPath =
  /^\/\.well-known\/(?:oauth-protected-resource|oauth-authorization-server|openid-configuration)((?:\/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*)\/?$/;

/** The server's path for a request: its MCP endpoint with or without a slash at the end, or OAuth metadata; else undefined. */
function upstreamPathOf({ method, target: url }: Visit, options: DoorOptions): string | undefined {
  const queryAt = url.indexOf("?");
  const path = queryAt < 0 ? url : url.slice(0, queryAt);
  const query = queryAt < 0 ? "" : url.slice(queryAt);
  if (path === options.path) return options.upstreamPath + query;
  if (path === `${options.path}/`) return `${options.upstreamPath}/${query}`;
  return method === "GET" && metadataPath.test(path) ? url : undefined;
}

/** A POST without a body had one that is too large. */
function receive({ deps, options }: Door, visit: Visit, came: Pick<Received, "method" | "body">): void {
  const handles: { running: RunningCall | undefined } = { running: undefined };
  const client = createClientSide(visit, {
    drain: () => handles.running?.onDrain(),
    gone: () => handles.running?.onGone(),
    isLeaving: options.isLeaving,
  });
  const path = upstreamPathOf(visit, options);
  const { rawHeaders, headers, startedMs } = visit;
  const received: Received = {
    ...came,
    path: path ?? options.upstreamPath,
    rawHeaders,
    headers,
    ...whoCalls(deps, visit),
    startedMs,
  };
  if (received.method === "POST" && received.body === undefined) {
    refuseTooLarge(deps, received, client);
    return;
  }
  // A POST to the MCP endpoint is never of the older transport.
  const door = received.method === "POST" && path !== undefined ? undefined : options.sseDoor;
  handles.running = door?.take({ deps, visit, received, client }) ?? runCall(deps, received, client);
}

/** What is vouched for goes before what the connection shows. */
function whoCalls({ callers }: CallDeps, { headers, peer }: Visit): Pick<Received, "caller" | "assertion"> {
  const assertion = callers?.identify(headers);
  if (assertion === undefined || assertion === "unverified") return { caller: identifyCaller(peer) };
  return { caller: nameCaller(assertion), assertion };
}

function refuseTooLarge(deps: CallDeps, received: Received, client: ReturnType<typeof createClientSide>): void {
  const text = `The request is larger than the ${deps.policy().compiled.maxRequestBytes} bytes that are allowed.`;
  const refusal = refuseFor({ era: "legacy", server: deps.server }, { reason: "RequestTooLarge", text });
  // The rest of the body was not read, so the connection can't serve another request.
  client.refuse({ ...refusal, headers: [...refusal.headers, "connection", "close"] });
  const described = { method: "unread", isTool: false, decision: "deny", reason: "RequestTooLarge" } as const;
  recordExchange(deps, { received, client, policy: deps.policy() }, described);
}
