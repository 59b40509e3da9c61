/**
 * The way out as one part: reads what the settings say of it, and makes the upstream of a server that listens by it. Most sidecars have no
 * credentials, so what only these need is loaded with the first of them.
 */
import { randomUUID } from "node:crypto";
import type { LookupFunction } from "node:net";
import type { HealthReport } from "@outrigger/runtime/health";
import type { Logger } from "@outrigger/runtime/logger";
import type { Settings } from "@outrigger/runtime/config";
import { authorize } from "../upstream/authorized.ts";
import { createHttpUpstream, type HttpUpstream } from "../upstream/http.ts";
import type { ConnectionLimits } from "../upstream/http1/connections.ts";
import type { TlsFiles } from "../upstream/http1/connection.ts";
import { chooseWithheld, withholdCookies } from "../upstream/withheld.ts";
import type { createCredentials, Credentials } from "./credentials.ts";
import type { Trouble } from "./failures.ts";
import type { Auth, ReadAuth } from "./read-auth.ts";
import type { outgoingSettings } from "./settings.ts";
import { judgeTarget } from "./target.ts";
import type { HeldTls, holdTls, ReadTls, TlsPaths } from "./tls-files.ts";

/** What is known of the way out when the sidecar starts, with what goes on from there. */
export interface OutgoingOptions {
  readonly auth: { readonly file: string; readonly first: Auth; readonly create: typeof createCredentials } | undefined;
  readonly tls: { readonly paths: TlsPaths; readonly first: TlsFiles; readonly hold: typeof holdTls } | undefined;
  /** Headers of clients that the server must not see; undefined where it may see all. */
  readonly withheld: ReadonlySet<string> | undefined;
}

/** What a server beside the sidecar has: nothing of it. */
export const plainWay: OutgoingOptions = { auth: undefined, tls: undefined, withheld: undefined };

type Values = Settings<typeof outgoingSettings>["values"];

/** The options, or all that is wrong with what the settings name. `url`: the server's; undefined where it does not listen. */
export async function readOutgoing(
  values: Values,
  url: URL | undefined,
): Promise<
  | { readonly ok: true; readonly outgoing: OutgoingOptions }
  | { readonly ok: false; readonly problems: readonly string[] }
> {
  const { upstreamAuth: file, passThrough } = values;
  if (url === undefined)
    return namesNothing(values) ? { ok: true, outgoing: plainWay } : { ok: false, problems: [lost] };
  const tls = await readTlsOf(values, url);
  const auth = file === undefined ? undefined : await readAuthOf(file, url);
  const problems = [tls, auth].flatMap((each) => (each?.ok === false ? each.problems : []));
  if (tls?.ok === false || auth?.ok === false) return { ok: false, problems };
  const withheld = chooseWithheld({ hostname: url.hostname, hasCredentials: auth !== undefined }, passThrough);
  return { ok: true, outgoing: { auth: auth?.options, tls: tls?.options, withheld } };
}

type Part<Refused, Options> =
  Extract<Refused, { ok: false }> | { readonly ok: true; readonly options: NonNullable<Options> };

async function readAuthOf(file: string, url: URL): Promise<Part<ReadAuth, OutgoingOptions["auth"]>> {
  const [{ readAuth }, { createCredentials: create }] = await Promise.all([
    import("./read-auth.ts"),
    import("./credentials.ts"),
  ]);
  const read = await readAuth(file, url);
  return read.ok ? { ok: true, options: { file, first: read.auth, create } } : read;
}

const lost = "--upstream-auth, --upstream-ca, --upstream-cert, --upstream-key and --pass-through need --upstream";

const pathsOf = ({ upstreamCa: ca, upstreamCert: cert, upstreamKey: key }: Values): TlsPaths => ({ ca, cert, key });

const namesFiles = (values: Values): boolean => Object.values(pathsOf(values)).some((each) => each !== undefined);

const namesNothing = (values: Values): boolean =>
  !namesFiles(values) && values.upstreamAuth === undefined && values.passThrough.length === 0;

async function readTlsOf(values: Values, url: URL): Promise<Part<ReadTls, OutgoingOptions["tls"]> | undefined> {
  if (!namesFiles(values)) return undefined;
  if (url.protocol !== "https:")
    return { ok: false, problems: ["--upstream-ca, --upstream-cert and --upstream-key are for an address of https"] };
  const { readTls, holdTls: hold } = await import("./tls-files.ts");
  const paths = pathsOf(values);
  const read = await readTls(paths);
  return read.ok ? { ok: true, options: { paths, first: read.tls, hold } } : read;
}

/** The server on the way that was chosen. */
export interface Outgoing {
  readonly http: HttpUpstream;
  readonly details: () => HealthReport["checks"];
  /** Prometheus text; empty without credentials. */
  readonly expose: () => string;
}

/** What making it needs. */
export interface OutgoingParts {
  readonly url: URL;
  readonly limits: ConnectionLimits;
  readonly logger: Logger;
  readonly onTrouble: (trouble: Trouble | undefined) => void;
}

/** Makes it; what it watches ends with it. */
export function createOutgoing({ auth, tls, withheld }: OutgoingOptions, parts: OutgoingParts): Outgoing {
  const { url, logger } = parts;
  const held = tls === undefined ? undefined : tls.hold(tls.paths, tls.first, logger);
  let lookup = auth === undefined ? undefined : lookupOf(url, auth.first);
  const raw = createHttpUpstream(url.origin, parts.limits, {
    ...(held === undefined ? {} : { tls: held.current }),
    ...(lookup === undefined ? {} : { lookup: (name, options, tell) => lookup?.(name, options, tell) }),
  });
  const isWatched = withheld?.has("cookie") === true;
  const plain = isWatched ? withholdCookies(raw) : raw;
  const credentials =
    auth === undefined
      ? undefined
      : openCredentials(auth, held, { ...parts, onAuth: (next) => (lookup = lookupOf(url, next)) });
  const http = credentials === undefined ? plain : authorize(plain, credentials);
  return {
    http: {
      ...http,
      close: () => {
        credentials?.close();
        held?.close();
        return raw.close();
      },
    },
    details: () => credentials?.details() ?? [],
    expose: () => credentials?.expose() ?? "",
  };
}

function openCredentials(
  { file, first, create }: NonNullable<OutgoingOptions["auth"]>,
  held: HeldTls | undefined,
  { url, logger, onTrouble, onAuth }: OutgoingParts & { readonly onAuth: (auth: Auth) => void },
): Credentials {
  return create({
    ...{ file, serverUrl: url, first, logger, onTrouble, onAuth },
    tls: held?.authorities,
    now: () => performance.now(),
    wallNow: () => Date.now(),
    random: () => randomUUID(),
  });
}

/** It was judged when the document was read. */
function lookupOf(url: URL, { privateHosts }: Auth): LookupFunction | undefined {
  const target = judgeTarget(url, privateHosts);
  return target.ok ? target.lookup : undefined;
}
