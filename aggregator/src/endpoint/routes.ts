/**
 * Puts the endpoints on HTTP, each at its path (`plan/address.ts`), and beside each the older transport. Checks Host and Origin, bounds
 * the body, and hands the request to the endpoint that `table.ts` finds.
 */
import type { IncomingMessage } from "node:http";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Identify } from "../auth/identify.ts";
import { idOf, type Principal } from "../auth/principal.ts";
import { addressPatterns, readAddress, readPath, type AddressParts, type EndpointAddress } from "../plan/address.ts";
import { hopHeader, type HopRefusal } from "../replicas/hop.ts";
import type { Replicas } from "../replicas/replicas.ts";
import { guardsOf, type Guards } from "../visibility/guards.ts";
import { narrowDecision } from "../visibility/narrow.ts";
import { createDecision } from "./decide.ts";
import { createEndpoint, type Endpoint } from "./endpoint.ts";
import { checkNames, type AllowedNames } from "./guard.ts";
import { messagePath, streamPaths } from "./older/paths.ts";
import { refuseFor, refuseUnread, sendError, type Refusal } from "./respond.ts";
import type { Operations } from "../telemetry/operations.ts";
import { createToolPages } from "./tool-pages.ts";
import { createSessionRoom } from "./session-room.ts";
import { createUnread } from "./unread.ts";
import { createTable, type TableOptions, type Asking, type FoundEndpoint, type PlanSource } from "./table.ts";
import type { EndpointParts } from "./tools/invocation.ts";

/** What the endpoints are made from. Times in ms. */
export interface RoutesOptions extends Omit<EndpointParts, "decision"> {
  readonly operations: Operations;
  readonly plans: PlanSource;
  readonly version: string;
  readonly allowed: AllowedNames;
  /** What stands before all paths in the addresses that clients know; it is off when a request comes here. */
  readonly basePath: string;
  readonly identify: Identify;
  /** What rules of servers see of a caller; undefined for one that nobody vouches for. */
  readonly factsOf: TableOptions["factsOf"];
  readonly replicas: Replicas;
  readonly nowMs: () => number;
  readonly onError: (error: unknown) => void;
  readonly describeEveryMs?: number;
  readonly sessionIdleMs?: number;
  readonly maxSessions?: number;
}

/** What is seen at an endpoint, or why nothing is. */
export type EndpointLook =
  | ({ readonly ok: true } & Pick<EndpointParts, "state" | "decision">)
  | { readonly ok: false; readonly refusal: Refusal };

/** The endpoints that exist. */
export interface Endpoints {
  /** Adds the same routes to the app on which other replicas pass requests on, and nobody else is served. */
  readonly addPeerRoutes: (app: FastifyInstance) => Promise<void>;
  /** What the caller of a request, which has passed the door, would see at the endpoint of a path. */
  readonly look: (request: IncomingMessage, path: string) => Promise<EndpointLook>;
  /** Brings all of them up to the state. */
  readonly refresh: () => void;
  readonly sessions: () => number;
  readonly close: () => Promise<void>;
}

const maxBodyBytes = 4 * 1024 * 1024;

/** A request that may go on, to which endpoint, and who makes it. */
type Admitted =
  | { readonly ok: true; readonly endpoint: Endpoint; readonly principal: Principal; readonly isForwarded: boolean }
  | { readonly ok: false; readonly refusal: Refusal };

type Admit = (request: EndpointRequest, reply: FastifyReply) => Promise<Admitted>;

type EndpointRequest = FastifyRequest<{ Params: AddressParts }>;

/** Adds the routes to an app. */
export async function addEndpointRoutes(app: FastifyInstance, options: RoutesOptions): Promise<Endpoints> {
  // One for all endpoints, since it has one bound.
  const pages = createToolPages();
  const room = createSessionRoom(options.maxSessions);
  const table = createTable({
    ...options,
    create: (path, content) => createEndpoint({ ...options, ...content, path, pages, room }),
  });

  const unread = createUnread();
  const everything = createDecision({});
  const guardsNow = (): Guards => guardsOf(options.state.catalogue());
  const find = (address: EndpointAddress | undefined, principal: Principal): FoundEndpoint => {
    const { maySee } = narrowDecision(everything, { guards: guardsNow, caller: options.factsOf(principal) });
    const asking: Asking = { caller: idOf(principal), maySee };
    return table.find(address, asking);
  };

  const admit: Admit = async ({ raw, params }) => {
    const reason = checkNames({ host: raw.headers.host, origin: raw.headers.origin }, options.allowed);
    if (reason !== undefined) return { ok: false, refusal: refuseFor(reason) };
    const identified = await options.identify(raw);
    if (!identified.ok) return identified;
    const found = find(readAddress(params), identified.principal);
    return found.ok ? { ...identified, endpoint: found.endpoint, isForwarded: false } : found;
  };

  /** What another replica passes on was checked there. */
  const admitPeer: Admit = async ({ raw, params, body }, reply) => {
    const { method = "", url = "" } = raw;
    const hop = options.replicas.readHop(raw.headers[hopHeader], { method, url, body: readBytes(body) });
    if (hop === undefined) {
      reply.raw.setHeader(hopHeader, "unsealed" satisfies HopRefusal);
      return { ok: false, refusal: refuseFor("CallerUnverified") };
    }
    const { principal } = hop;
    const found = find(readAddress(params), principal);
    return found.ok ? { ok: true, principal, endpoint: found.endpoint, isForwarded: true } : found;
  };

  const through =
    (door: "handle" | "openOlder" | "postOlder", judge: Admit) =>
    async (request: EndpointRequest, reply: FastifyReply) => {
      reply.hijack();
      const admitted = await judge(request, reply);
      if (!admitted.ok) {
        sendError(reply.raw, admitted.refusal);
        return;
      }
      const { endpoint, principal, isForwarded } = admitted;
      if (options.state.phase() === "unread") {
        // An empty list, or a name that is unknown, would be a lie that clients keep.
        if (isForwarded) reply.raw.setHeader(hopHeader, "leaving" satisfies HopRefusal);
        sendError(reply.raw, refuseUnread());
        return;
      }
      // Streams of the older transport bound themselves.
      if (door === "handle") unread.watch(reply.raw);
      await endpoint[door](request.raw, reply.raw, { principal, body: readBytes(request.body), isForwarded });
    };

  const addRoutes = (to: FastifyInstance, judge: Admit) =>
    to.register((scope, _options, done) => {
      scope.removeAllContentTypeParsers();
      scope.addContentTypeParser("*", { parseAs: "buffer", bodyLimit: maxBodyBytes }, (_request, body, parsed) => {
        parsed(null, body);
      });
      scope.setErrorHandler((error, _request, reply) => {
        if (reply.raw.headersSent) {
          reply.raw.destroy();
          return;
        }
        reply.hijack();
        const isTooLarge = error instanceof Error && "code" in error && error.code === "FST_ERR_CTP_BODY_TOO_LARGE";
        if (!isTooLarge) options.onError(error);
        sendError(reply.raw, refuseFor(isTooLarge ? "RequestTooLarge" : "Internal"));
      });
      for (const path of addressPatterns) {
        scope.route({ method: ["GET", "POST", "DELETE"], url: path, handler: through("handle", judge) });
        for (const url of streamPaths(path)) {
          scope.route({ method: "GET", url, handler: through("openOlder", judge), exposeHeadRoute: false });
        }
        scope.route({ method: "POST", url: messagePath(path), handler: through("postOlder", judge) });
      }
      done();
    });
  await addRoutes(app, admit);
  return {
    addPeerRoutes: async (to) => {
      await addRoutes(to, admitPeer);
    },
    look: async (request, path) => {
      const identified = await options.identify(request);
      if (!identified.ok) return identified;
      const found = find(readPath(path), identified.principal);
      if (!found.ok) return found;
      const { state, view } = found.content;
      return { ok: true, state, decision: view.of(identified.principal).decision };
    },
    refresh: table.refresh,
    sessions: () => table.list().reduce((sum, endpoint) => sum + endpoint.sessions(), 0),
    close: async () => {
      await Promise.all(table.list().map((endpoint) => endpoint.close()));
    },
  };
}

function readBytes(body: unknown): Uint8Array {
  return body instanceof Uint8Array ? body : new Uint8Array();
}
