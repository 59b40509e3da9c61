/**
 * One MCP endpoint (all servers, or one group): both eras, its sessions, and who hears when its list of tools changes. Decides by
 * the body which era a request is of. Source: MCP 2026-07-28 transports, "Backward compatibility".
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { classifyInboundRequest, createMcpHandler, type AuthInfo } from "@modelcontextprotocol/server";
import type { JsonObject } from "@outrigger/mcp";
import { anonymous, idOf, type Principal } from "../auth/principal.ts";
import type { Decision } from "./decide.ts";
import { readClaims } from "./claims.ts";
import type { Replicas } from "../replicas/replicas.ts";
import { createOlderSessions } from "./older/sessions.ts";
import { sendAnswer, serveExchange, type AnswerHolder } from "./exchange.ts";
import { createListsAgain, type ListRequest } from "./list-again.ts";
import { receiveBody } from "./receive.ts";
import { offersOf } from "./methods/offers-of.ts";
import { opensStream, subscribeStream } from "./methods/subscribe.ts";
import { watchOffers } from "./methods/watch-offers.ts";
import type { ChangedList } from "./raw-server.ts";
import { refuseBroken, sendError } from "./respond.ts";
import { isObject } from "./tools/invocation.ts";
import { createServer, type ServerParts } from "./server.ts";
import type { SessionRoom } from "./session-room.ts";
import { createSessions } from "./sessions.ts";

/** What an endpoint is made from. Times in ms. */
export interface EndpointOptions extends ServerParts {
  /** Where the endpoint is; addresses of the older transport lie behind it. */
  readonly path: string;
  /** What stands before it in the addresses that clients know. */
  readonly basePath: string;
  readonly replicas: Replicas;
  /** Of the endpoint, the same for all callers. */
  readonly decision: Decision;
  readonly nowMs: () => number;
  readonly onError: (error: unknown) => void;
  readonly sessionIdleMs?: number;
  readonly room: SessionRoom;
}

/**
 * A request whose Host, Origin and caller were checked. `body` holds the bytes of a POST; `isForwarded`: another replica has checked it and
 * passed it on.
 */
export interface AdmittedRequest {
  readonly principal: Principal;
  readonly body: Uint8Array;
  readonly isForwarded: boolean;
}

/** One endpoint. */
export interface Endpoint {
  /** Serves one request. */
  readonly handle: (req: IncomingMessage, res: ServerResponse, admitted: AdmittedRequest) => Promise<void>;
  /** Opens a stream of the older transport, as which the response stays open. */
  readonly openOlder: (req: IncomingMessage, res: ServerResponse, admitted: AdmittedRequest) => Promise<void>;
  /** Takes a message of the older transport, whose answer goes on the stream of its session. */
  readonly postOlder: (req: IncomingMessage, res: ServerResponse, admitted: AdmittedRequest) => Promise<void>;
  /** Brings the view up to the state and tells clients where their list has changed. */
  readonly refresh: () => void;
  readonly sessions: () => number;
  readonly close: () => Promise<void>;
}

const defaultIdleMs = 30 * 60_000;

/** Creates an endpoint. */
export function createEndpoint(options: EndpointOptions): Endpoint {
  const { view, nowMs, onError } = options;
  const sessions = createSessions({
    path: options.path,
    replicas: options.replicas,
    createServer: (caller) => createServer(options, "legacy", caller),
    onEnded: options.relay.endCaller,
    nowMs,
    idleMs: options.sessionIdleMs ?? defaultIdleMs,
    room: options.room,
  });
  const older = createOlderSessions({
    path: options.path,
    basePath: options.basePath,
    replicas: options.replicas,
    createServer: (caller) => createServer(options, "legacy", caller),
    onEnded: options.relay.endCaller,
    nowMs,
  });
  const modern = createMcpHandler(
    ({ authInfo }) => {
      const { principal, holder } = readAsking(authInfo);
      const server = createServer(options, "modern", { principal, session: () => "" });
      server.leaveAnswer(holder);
      return server;
    },
    { legacy: "reject" },
  );
  const listsAgain = createListsAgain(options);
  const exchangeParts = { fetch: modern.fetch, bytesOf: options.pages.bytesOf, onError };
  let heldBack: NodeJS.Timeout | undefined;

  const offersChanged = watchOffers(() => offersOf(options.state.catalogue(), options.decision));
  const tellChanged = (list: ChangedList): void => {
    sessions.tellChanged(list);
    older.tellChanged(list);
    modern.notify[`${list}Changed`]();
  };

  const refresh = (): void => {
    const changed = [...(view.refresh() ? (["tools"] as const) : []), ...offersChanged()];
    changed.forEach(tellChanged);
    const waitMs = view.heldBackMs();
    clearTimeout(heldBack);
    if (waitMs !== undefined) heldBack = setTimeout(refresh, waitMs).unref();
  };

  /** True where a list was asked for as it was before, and is answered. */
  const answerAgain = (request: ListRequest, res: ServerResponse): boolean => {
    const again = listsAgain.find(request);
    if (again === undefined) return false;
    options.operations.begin(again.asked).end({ kind: "result", result: again.answer.result });
    sendAnswer(res, again, options.pages.bytesOf);
    return true;
  };

  /** Subscribes to what a stream that is about to open listens to; false where it may not, and was answered. */
  const subscribe = async (principal: Principal, value: JsonObject, res: ServerResponse): Promise<boolean> => {
    const subscribed = await subscribeStream({
      ...{ principal, params: value["params"], publish: (uri) => modern.notify.resourceUpdated(uri) },
      parts: { ...options, decision: view.of(principal).decision },
    });
    if (!subscribed.ok) {
      sendError(res, { status: 200, ...subscribed.error, idBytes: Buffer.from(JSON.stringify(value["id"])) });
      return false;
    }
    if (res.destroyed) subscribed.release();
    else res.once("close", subscribed.release);
    return true;
  };

  /** Refusals by the rules of the modern era are answered by its handler too. */
  const serveModern = async (req: IncomingMessage, res: ServerResponse, request: ListRequest): Promise<void> => {
    const { principal, value } = request;
    const holder: AnswerHolder = {};
    const authInfo = writeAsking({ principal, holder });
    await serveExchange(exchangeParts, { req, res, value, authInfo, holder });
    const { answer, headers } = holder;
    if (answer !== undefined && headers !== undefined) listsAgain.keep(request, { answer, headers });
  };

  return {
    handle: async (req, res, { principal, body, isForwarded }) => {
      const asked = { principal, isForwarded, bytes: body };
      if (req.method !== "POST") return sessions.handle(req, res, asked);
      const received = receiveBody(body, req.headers);
      if (!received.ok) {
        sendError(res, received.refusal);
        return;
      }
      const { value } = received;
      const listRequest = { principal, headers: req.headers, value };
      if (answerAgain(listRequest, res)) return;
      const route = classifyInboundRequest(readClaims(req, value));
      if (route.kind === "legacy") return sessions.handle(req, res, { ...asked, body: value });
      const heldAt = options.holds.holderOf(readRequestState(value));
      if (heldAt !== undefined) {
        const placed = await options.replicas.passTo(heldAt, { req, res, principal, body, isForwarded });
        if (placed === "broken") sendError(res, refuseBroken(value, "call"));
        if (placed !== "here") return;
      }
      if (opensStream(value) && !(await subscribe(principal, value, res))) return;
      await serveModern(req, res, listRequest);
    },
    openOlder: (_req, res, { principal }) => older.open(res, principal),
    postOlder: older.post,
    refresh,
    sessions: () => sessions.count() + older.count(),
    close: async () => {
      clearTimeout(heldBack);
      await Promise.all([sessions.close(), older.close(), modern.close()]);
    },
  };
}

/** Who asks in an exchange, and where the answer is left. */
interface Asking {
  readonly principal: Principal;
  readonly holder: AnswerHolder;
}

/** In the form in which the SDK hands on who was authenticated: without any credential. */
function writeAsking(asking: Asking): AuthInfo {
  return { token: "", clientId: idOf(asking.principal), scopes: [], extra: { asking } };
}

function readAsking(authInfo: AuthInfo | undefined): Asking {
  // Written above, and by nobody else.
  return (authInfo?.extra?.["asking"] as Asking | undefined) ?? { principal: anonymous, holder: {} };
}

/** What a modern caller sends along when it answers questions; undefined where it does not. */
function readRequestState(message: unknown): unknown {
  const params = isObject(message) ? message["params"] : undefined;
  return isObject(params) ? params["requestState"] : undefined;
}
