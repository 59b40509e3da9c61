/**
 * The door of the endpoint port: every request but those for health and for metadata passes it before its body is read, whatever route it is for.
 * Decides in which order: preflight, Host and Origin, who it is. What a route needs to know of the caller it asks here.
 */
import type { IncomingMessage } from "node:http";
import type { WireReason } from "@outrigger/api/errors";
import { reasons } from "@outrigger/api/reasons";
import { healthPaths } from "@outrigger/runtime/health";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { checkNames, isNamedOrigin, type AllowedNames } from "../../endpoint/guard.ts";
import { refuseFor } from "../../endpoint/respond.ts";
import type { Arrival } from "../../telemetry/arrivals.ts";
import type { Authenticate, Authenticated } from "../authenticate.ts";
import type { Identify } from "../identify.ts";
import type { Issuer } from "../oidc/issuers.ts";
import { anonymous, idOf, type Principal } from "../principal.ts";
import { answerHeaders, preflightHeaders } from "./cors.ts";
import { describeResource, metadataPath } from "./metadata.ts";
import { readOrigin, type Origin, type ProxyTrust } from "./proxies.ts";
import type { PublicAddress } from "./public-address.ts";
import { refusalOf, sendRefusal } from "./refuse.ts";

/** What the door decides by. `publicAddress`: without an origin it is that of the request. */
export interface DoorOptions {
  readonly authenticate: Authenticate;
  readonly allowed: AllowedNames;
  readonly proxies: ProxyTrust;
  readonly publicAddress: { readonly origin: string | undefined; readonly basePath: string };
  readonly issuers: readonly Issuer[];
  readonly arrivalOf: (request: FastifyRequest) => Arrival | undefined;
  /** Hears of each request that was looked at for who makes it. */
  readonly onAuthenticated: (authenticated: Authenticated) => void;
  /** Hears of each request that does not get in for want of a right credential. */
  readonly onRefused: (told: {
    readonly reason: WireReason;
    readonly message: string;
    readonly address: string;
  }) => void;
}

/** The door. */
export interface Door {
  /** Stands before all routes of an app, those included that are added later; to be called before any is. */
  readonly guard: (app: FastifyInstance) => void;
  /** Who makes a request that has passed. */
  readonly identify: Identify;
}

/** Creates it. */
export function createDoor(options: DoorOptions): Door {
  const passed = new WeakMap<IncomingMessage, Principal>();
  const guard = (app: FastifyInstance): void => {
    app.addHook("onRequest", async (request, reply) => {
      const path = pathOf(request.raw);
      if (healthPaths.includes(path)) return;
      const from = originOf(request, options.proxies);
      if (answerCors(request, reply, options.allowed)) return;
      const named = checkHosts(request, from, options.allowed);
      if (named !== undefined) {
        reply.hijack();
        sendRefusal(reply.raw, path, { ...refuseFor(named), reason: named });
        return;
      }
      if (isMetadata(request)) return;
      const authenticated = await options.authenticate(request.raw, from.address);
      options.onAuthenticated(authenticated);
      const arrival = options.arrivalOf(request);
      if (authenticated.ok) {
        passed.set(request.raw, authenticated.principal);
        if (arrival !== undefined) arrival.caller = nameCaller(authenticated.principal, from);
        return;
      }
      if (arrival !== undefined) {
        arrival.caller = `address:${from.address}`;
        arrival.refusal = authenticated.reason;
      }
      options.onRefused({ reason: authenticated.reason, message: authenticated.message, address: from.address });
      const challenged = { path, address: addressOf(from, options), hasIssuers: options.issuers.length > 0 };
      reply.hijack();
      sendRefusal(reply.raw, path, refusalOf(authenticated, challenged));
    });
    const describe = (request: FastifyRequest, reply: FastifyReply): FastifyReply => {
      const address = addressOf(originOf(request, options.proxies), options);
      const path = pathOf(request.raw).slice(metadataPath.length);
      const { issuers } = options;
      const document = issuers.length === 0 ? undefined : describeResource(path, { address, issuers });
      if (document !== undefined) return reply.header("cache-control", "max-age=300").send(document);
      return reply.code(404).send({ error: { reason: "PathNotServed", message: reasons.PathNotServed.sentence } });
    };
    app.get(metadataPath, describe);
    app.get(`${metadataPath}/*`, describe);
  };
  return {
    guard,
    // Each route lies behind the door; nobody in particular would be the wrong guess for one that did not.
    identify: (request) => {
      const principal = passed.get(request);
      return Promise.resolve(
        principal === undefined ? { ok: false, refusal: refuseFor("CredentialsMissing") } : { ok: true, principal },
      );
    },
  };
}

function pathOf({ url = "/" }: IncomingMessage): string {
  return url.split("?", 1)[0] ?? "/";
}

function originOf({ raw }: FastifyRequest, trust: ProxyTrust): Origin {
  const isEncrypted = "encrypted" in raw.socket;
  return readOrigin({ peer: raw.socket.remoteAddress, isEncrypted, headers: raw.headers }, trust);
}

/** The address under which this client knows us. The host was checked. */
function addressOf({ scheme, host }: Origin, { publicAddress }: DoorOptions): PublicAddress {
  const { origin, basePath } = publicAddress;
  return { origin: origin ?? `${scheme}://${host ?? "localhost"}`, basePath };
}

function nameCaller(principal: Principal, { address }: Origin): string {
  return principal.kind === anonymous.kind ? `address:${address}` : idOf(principal);
}

/** The name that the connection was made for, and the one that a proxy says it was asked for. */
function checkHosts({ raw }: FastifyRequest, from: Origin, allowed: AllowedNames): ReturnType<typeof checkNames> {
  const { host, origin } = raw.headers;
  return checkNames({ host, origin }, allowed) ?? checkNames({ host: from.host }, allowed);
}

function isMetadata({ method, raw }: FastifyRequest): boolean {
  const path = pathOf(raw);
  return (method === "GET" || method === "HEAD") && (path === metadataPath || path.startsWith(`${metadataPath}/`));
}

/** Sets what a page needs to read the answer; true where it was a preflight, which is answered. */
function answerCors({ method, headers }: FastifyRequest, reply: FastifyReply, allowed: AllowedNames): boolean {
  if (allowed.origins.length === 0) return false;
  const { origin, host } = headers;
  const isNamed = origin !== undefined && isNamedOrigin(origin, allowed.origins);
  for (const [name, value] of Object.entries(answerHeaders(isNamed ? origin : undefined))) {
    reply.raw.setHeader(name, value);
  }
  const isPreflight = method === "OPTIONS" && headers["access-control-request-method"] !== undefined;
  if (!isPreflight || !isNamed || checkNames({ host, origin }, allowed) !== undefined) return false;
  reply.hijack();
  const asked = headers["access-control-request-headers"];
  reply.raw.writeHead(204, preflightHeaders(typeof asked === "string" ? asked : undefined)).end();
  return true;
}
