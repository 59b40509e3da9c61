/**
 * One MCP endpoint (all servers, or one group): both eras, its sessions, and who hears when its list of tools changes. Decides by
 * the body which era a request is of. Source: MCP 2026-07-28 transports, "Backward compatibility".
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { toNodeHandler, type NodeIncomingMessageLike } from "@modelcontextprotocol/node";
import { classifyInboundRequest, createMcpHandler, type AuthInfo } from "@modelcontextprotocol/server";
import { anonymous, idOf, type Principal } from "../auth/principal.ts";
import type { Decision } from "./decide.ts";
import { readClaims } from "./claims.ts";
import type { Replicas } from "../replicas/replicas.ts";
import { createOlderSessions } from "./older/sessions.ts";
import { receiveBody } from "./receive.ts";
import { offersOf } from "./methods/offers-of.ts";
import { opensStream, subscribeStream } from "./methods/subscribe.ts";
import { watchOffers } from "./methods/watch-offers.ts";
import type { ChangedList } from "./raw-server.ts";
import { sendError } from "./respond.ts";
import { createServer, type ServerParts } from "./server.ts";
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
  readonly maxSessions?: number;
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
const defaultMaxSessions = 10_000;

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
    maxSessions: options.maxSessions ?? defaultMaxSessions,
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
    ({ authInfo }) => createServer(options, "modern", { principal: readPrincipal(authInfo), session: () => "" }),
    { legacy: "reject" },
  );
  const handleModern = toNodeHandler(modern, { onerror: onError });
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
      const route = classifyInboundRequest(readClaims(req, value));
      if (route.kind === "legacy") return sessions.handle(req, res, { ...asked, body: value });
      if (opensStream(value)) {
        const subscribed = await subscribeStream({
          ...{ principal, params: value["params"], publish: (uri) => modern.notify.resourceUpdated(uri) },
          parts: { ...options, decision: view.of(principal).decision },
        });
        if (!subscribed.ok) {
          sendError(res, { status: 200, ...subscribed.error, idBytes: Buffer.from(JSON.stringify(value["id"])) });
          return;
        }
        if (res.destroyed) subscribed.release();
        else res.once("close", subscribed.release);
      }
      // Refusals by the rules of the modern era are answered by its handler too. Node's request is what it takes; its type
      // says `undefined` where Node's leaves a member out.
      return handleModern(
        Object.assign(req, { auth: writePrincipal(principal) }) as NodeIncomingMessageLike,
        res,
        value,
      );
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

/** The principal in the form in which the SDK hands on who was authenticated: without any credential. */
function writePrincipal(principal: Principal): AuthInfo {
  return { token: "", clientId: idOf(principal), scopes: [], extra: { principal } };
}

function readPrincipal(authInfo: AuthInfo | undefined): Principal {
  // Written above, and by nobody else.
  return (authInfo?.extra?.["principal"] as Principal | undefined) ?? anonymous;
}
