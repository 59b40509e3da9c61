/**
 * Puts the endpoints on HTTP: `/mcp` for all servers, `/mcp/g/NAME` for a group, and beside each the older transport. Checks Host and
 * Origin, bounds the body, and creates the endpoint of a group when it is first asked for.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { rpcCodes, wireErrors } from "@outrigger/api/errors";
import { parseDnsLabel } from "@outrigger/api/values";
import type { Identify } from "../auth/identify.ts";
import type { Principal } from "../auth/principal.ts";
import { createEndpoint, type Endpoint } from "./endpoint.ts";
import { checkNames, type AllowedNames } from "./guard.ts";
import { messagePath, streamPaths } from "./older/paths.ts";
import { refuseFor, sendError, type Refusal } from "./respond.ts";
import type { Operations } from "../telemetry/operations.ts";
import type { EndpointParts } from "./tools/invocation.ts";
import { createView, type Mode } from "./view.ts";

/** What the endpoints are made from. Times in ms. */
export interface RoutesOptions extends Omit<EndpointParts, "decision"> {
  readonly operations: Operations;
  readonly mode: Mode;
  readonly version: string;
  readonly allowed: AllowedNames;
  readonly identify: Identify;
  readonly nowMs: () => number;
  readonly onError: (error: unknown) => void;
  readonly describeEveryMs?: number;
  readonly sessionIdleMs?: number;
  readonly maxSessions?: number;
}

/** The endpoints that exist. */
export interface Endpoints {
  /** Brings all of them up to the state. */
  readonly refresh: () => void;
  readonly sessions: () => number;
  readonly close: () => Promise<void>;
}

const rootPath = "/mcp";
const maxBodyBytes = 4 * 1024 * 1024;

/** A request that may go on, to which endpoint, and who makes it. */
type Admitted =
  | { readonly ok: true; readonly endpoint: Endpoint; readonly principal: Principal }
  | { readonly ok: false; readonly refusal: Refusal };

type EndpointRequest = FastifyRequest<{ Params: { group?: string } }>;

/** Adds the routes to an app. */
export async function addEndpointRoutes(app: FastifyInstance, options: RoutesOptions): Promise<Endpoints> {
  const endpoints = new Map<string | undefined, Endpoint>();
  const create = (group: string | undefined): Endpoint => {
    const view = createView({ ...options, scope: group === undefined ? {} : { group } });
    const path = group === undefined ? rootPath : `${rootPath}/g/${group}`;
    const endpoint = createEndpoint({ ...options, decision: view.decision, view, path });
    endpoints.set(group, endpoint);
    return endpoint;
  };
  create(undefined);

  /** Groups exist as servers name them; an endpoint that was used stays, also while its group is empty. */
  const find = (group: string | undefined): Endpoint | undefined => {
    const known = endpoints.get(group);
    if (known !== undefined || group === undefined || !parseDnsLabel(group).ok) return known;
    const exists = [...options.state.catalogue().servers.values()].some((server) => server.group === group);
    return exists ? create(group) : undefined;
  };

  const admit = async ({ raw, params }: EndpointRequest): Promise<Admitted> => {
    const reason = checkNames({ host: raw.headers.host, origin: raw.headers.origin }, options.allowed);
    if (reason !== undefined) return { ok: false, refusal: refuseFor(reason) };
    const identified = await options.identify(raw);
    if (!identified.ok) return identified;
    const endpoint = find(params.group);
    if (endpoint === undefined) return { ok: false, refusal: refuseGroup(params.group ?? "", options) };
    return { ...identified, endpoint };
  };

  const through =
    (door: "handle" | "openOlder" | "postOlder") => async (request: EndpointRequest, reply: FastifyReply) => {
      reply.hijack();
      const admitted = await admit(request);
      if (!admitted.ok) {
        sendError(reply.raw, admitted.refusal);
        return;
      }
      const { endpoint, principal } = admitted;
      await endpoint[door](request.raw, reply.raw, { principal, body: readBytes(request.body) });
    };

  await app.register((scope, _options, done) => {
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
    for (const path of [rootPath, `${rootPath}/g/:group`]) {
      scope.route({ method: ["GET", "POST", "DELETE"], url: path, handler: through("handle") });
      for (const url of streamPaths(path)) {
        scope.route({ method: "GET", url, handler: through("openOlder"), exposeHeadRoute: false });
      }
      scope.route({ method: "POST", url: messagePath(path), handler: through("postOlder") });
    }
    done();
  });
  return {
    refresh: () => {
      for (const endpoint of endpoints.values()) endpoint.refresh();
    },
    sessions: () => [...endpoints.values()].reduce((sum, endpoint) => sum + endpoint.sessions(), 0),
    close: async () => {
      await Promise.all([...endpoints.values()].map((endpoint) => endpoint.close()));
    },
  };
}

function readBytes(body: unknown): Uint8Array {
  return body instanceof Uint8Array ? body : new Uint8Array();
}

/** Before all servers were heard a group may still come: that is no 404. */
function refuseGroup(group: string, { state }: RoutesOptions): Refusal {
  const shown = group.slice(0, 64);
  if (state.isSettled()) {
    return { status: 404, code: rpcCodes.invalidRequest, message: `No server is in group ${JSON.stringify(shown)}.` };
  }
  const message = `Servers are still being found, and none is in group ${JSON.stringify(shown)} yet.`;
  return { status: 503, code: wireErrors.UpstreamStarting.jsonRpcCode, message };
}
