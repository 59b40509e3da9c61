/** Opens the door by the settings and puts it before the routes of the endpoint's app; and makes that app, of TLS where the settings say so. */
import type { Server as TlsServer } from "node:tls";
import type { Logger } from "@outrigger/runtime/logger";
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { AggregatorMetrics } from "../metrics.ts";
import type { AggregatorSettings } from "../settings.ts";
import type { Arrival } from "../telemetry/arrivals.ts";
import { openTlsFiles, type TlsFiles } from "./certificates/tls-files.ts";
import { createDoor } from "./door/door.ts";
import type { EndpointPlace } from "./door/place.ts";
import { trustNobody } from "./door/proxies.ts";
import { stripBasePath } from "./door/public-address.ts";
import type { Identify } from "./identify.ts";
import { openAuth, type AuthParts } from "./open-auth.ts";

/** An app without routes. */
export interface EndpointApp {
  readonly app: FastifyInstance;
  readonly close: () => void;
}

/** How the app is made. `create` makes one with further options of the framework. */
export interface EndpointAppParts {
  readonly place: EndpointPlace;
  readonly logger: Logger;
  readonly create: (options: object) => FastifyInstance;
}

/** Makes the app. Errors: throws where files of TLS can't be used together. */
export function openEndpointApp(
  settings: AggregatorSettings,
  { place, logger, create }: EndpointAppParts,
): EndpointApp {
  const rewriteUrl = ({ url = "/" }: { url?: string }): string => stripBasePath(url, place.basePath);
  const tls = openTls(settings, logger);
  if (tls === undefined) return { app: create({ rewriteUrl }), close: () => undefined };
  const requestCert = settings.tlsClientCa !== undefined;
  // Who has no certificate may have another credential: which of them is enough is decided behind.
  const app = create({ rewriteUrl, https: { ...tls.current(), requestCert, rejectUnauthorized: false } });
  tls.follow((options) => {
    // Created with `https`, so it is one of TLS.
    (app.server as unknown as TlsServer).setSecureContext(options);
  });
  return { app, close: tls.close };
}

function openTls({ tlsCert, tlsKey, tlsClientCa }: AggregatorSettings, logger: Logger): TlsFiles | undefined {
  if (tlsCert === undefined || tlsKey === undefined) return undefined;
  return openTlsFiles({ cert: tlsCert, key: tlsKey, clientCa: tlsClientCa }, (problem) =>
    logger.error({ problem }, "the endpoint's certificate can't be used; the one of before is served"),
  );
}

/** What the door needs beside what its ways need. */
export interface DoorParts extends AuthParts {
  readonly place: EndpointPlace;
  readonly arrivalOf: (request: FastifyRequest) => Arrival | undefined;
  readonly metrics: Pick<AggregatorMetrics, "countAuthentication">;
}

/** An open door. */
export interface OpenDoor {
  readonly identify: Identify;
  readonly close: () => Promise<void>;
}

/** Opens it before all routes of an app; to be called before any is added. Errors: throws where a file can't be used. */
export function openDoor(app: FastifyInstance, settings: AggregatorSettings, parts: DoorParts): OpenDoor {
  const { place, arrivalOf, logger, metrics } = parts;
  const auth = openAuth(settings, parts);
  const door = createDoor({
    authenticate: auth.authenticate,
    allowed: place.allowed,
    proxies: { isTrusted: settings.trustProxies ?? trustNobody, headers: settings.proxyHeaders },
    publicAddress: place,
    issuers: settings.oidcIssuers,
    arrivalOf,
    onAuthenticated: metrics.countAuthentication,
    // Clients of MCP ask without a token first; that is no news.
    onRefused: (told) => logger[told.reason === "CredentialsMissing" ? "debug" : "info"]({ ...told }, "caller refused"),
  });
  door.guard(app);
  return { identify: door.identify, close: auth.close };
}
