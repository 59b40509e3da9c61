/** The server's side of the sidecar: its upstream, what it lists, how well it is; told to whoever reads the feed. */
import { randomUUID } from "node:crypto";
import { getHeapStatistics } from "node:v8";
import type { FeedState, FeedTransport } from "@outrigger/api/feed";
import { describeLimits, looksAtCallers, writeVisiblePolicy } from "@outrigger/policy";
import type { Logger } from "@outrigger/runtime/logger";
import type { Outcome } from "./call/answer-body.ts";
import type { ForwardRules } from "./call/forward.ts";
import { viewOf } from "./call/inspect/look.ts";
import { createCatalogue, type ServerCatalogue } from "./catalog/catalogue.ts";
import { createDefinitionBook, type DefinitionBook } from "./catalog/definition-book.ts";
import { createPublisher, type Publisher } from "./catalog/publish.ts";
import { createFindingTeller } from "./catalog/tell-findings.ts";
import type { PolicyInForce } from "./bundle/policy-in-force.ts";
import type { SidecarOptions } from "./options.ts";
import { createGuard, type Guard } from "./probe/guard.ts";
import { createHealthTracker, type HealthTracker } from "./probe/health-tracker.ts";
import { createProber } from "./probe/prober.ts";
import { createSocketSource } from "./stdio/process/connected.ts";
import { createSpawnSource } from "./stdio/process/spawned.ts";
import type { StreamSource } from "./stdio/process/streams.ts";
import { createStdioUpstream, type StdioUpstream } from "./stdio/stdio-upstream.ts";
import { createOutgoing, type Outgoing, type OutgoingOptions } from "./credentials/outgoing.ts";
import type { Trouble } from "./credentials/failures.ts";
import type { HttpUpstream } from "./upstream/http.ts";
import { createSseUpstream } from "./upstream/sse/sse-upstream.ts";
import { chooseTransport, type HttpTransport, type TransportChoice } from "./upstream/transport.ts";
import type { Upstream } from "./upstream/upstream.ts";
import { version } from "./version.ts";

/**
 * Connections to an HTTP server. Streams are bounded by the heap that the program was given: beyond 60 for each MiB above the first 20,
 * collecting garbage takes more time than calls, until the process is ended (docs/adr/0003). At least 2,000, at most 10,000.
 */
const connectionLimits = {
  maxCalls: 512,
  maxStreams: Math.min(
    10_000,
    Math.max(2_000, Math.floor(60 * (getHeapStatistics().heap_size_limit / 1024 ** 2 - 20))),
  ),
} as const;

/** Restart pauses of a stdio server whose processes die early. */
const restartPauses = { minMs: 250, maxMs: 30_000 } as const;

/** Between the steps by which a stdio server's process is ended. */
const stopWaitMs = 2_000;

/** One message of a stdio server, and one answer that the catalogue reads. */
const maxMessageBytes = 16 * 1024 ** 2;

/** Sessions of a server of the older transport, each an open stream, and how long such a stream may take to open. */
const sseLimits = { maxSessions: 1_000, openingMs: 10_000 } as const;

/** What the rest of the sidecar needs of the server's side. */
export interface ServerSide {
  readonly upstream: HttpUpstream | StdioUpstream;
  /** Which headers go to the server. Beside it, its path. */
  readonly forward: ForwardRules;
  readonly path: string;
  readonly publisher: Publisher;
  readonly catalogue: ServerCatalogue;
  /** Definitions of its tools, as policy may rely on them. */
  readonly book: DefinitionBook;
  readonly health: HealthTracker;
  /** What calls of clients pass for the sake of health. */
  readonly guard: Guard;
  readonly reportOutcome: (outcome: Outcome, status: number) => void;
  readonly applyPolicy: (policy: PolicyInForce) => void;
  /** How it stands with credentials for the server; undefined where it does not listen. */
  readonly outgoing: Pick<Outgoing, "details" | "expose"> | undefined;
}

/** Creates the server's side; nothing is asked before its catalogue and health are started. */
export function createServerSide(options: SidecarOptions, logger: Logger): ServerSide {
  const now = (): number => performance.now();
  const wallNow = (): number => Date.now();
  const { upstream, forward, path, raw, transport, found, outgoing } = createUpstream(options, logger, {
    onChildEvent: () => health.check(),
    onReachable: () => catalogue.relist("the server's container takes sessions"),
    onFound: (known) => publisher.setTransport(known),
    onIdleEnd: () => health.check(),
    onTrouble: (trouble) => health.reportCredentials(trouble),
  });
  const access = {
    upstream,
    path,
    headers: ["host", forward.host, ...forward.extra],
    timeoutMs: Math.max(10_000, options.health.timeoutMs),
    maxBytes: maxMessageBytes,
  };
  const rawAccess = { ...access, upstream: raw };
  const book = createDefinitionBook({
    server: options.server,
    policy: () => options.policy.current().compiled,
    onStrange: () => catalogue.relist("a tool was listed otherwise than before"),
  });
  const catalogue: ServerCatalogue = createCatalogue({
    access,
    detection: found === undefined ? undefined : { access: rawAccess, found },
    transport: options.upstream.form === "http" ? "http" : "stdio",
    clientInfo: { name: "outrigger-sidecar", version },
    policy: () => options.policy.current().compiled,
    publisher: {
      setFacts: (facts) => publisher.setFacts(facts),
      setCatalogue: (...told) => publisher.setCatalogue(...told),
      setFindings: createFindingTeller((findings) => publisher.setFindings(findings), logger),
    },
    book,
    viewOf: (subject) => viewOf(subject, { server: options.server, book, received: undefined }),
    knowsCallers: () => listVouchers(options, options.policy.current()).length > 0,
    relistMs: 60_000,
    retryMs: { minMs: 250, maxMs: 10_000 },
    now,
    wallNow,
    logger,
    onOutcome: (outcome) => health.reportList(outcome),
  });
  const stdioStatus = "status" in upstream ? upstream.status : undefined;
  const guard = createGuard({
    ...{ health: options.health, now, knowsTool: catalogue.knowsTool, logger },
    ...{ tracker: () => health, publisher: () => publisher },
  });
  const probeAccess = { ...rawAccess, timeoutMs: options.health.timeoutMs };
  const health: HealthTracker = createHealthTracker({
    probe: createProber({ access: probeAccess, connection: catalogue.connection, stdioStatus }),
    rules: options.health,
    intervalMs: options.health.intervalMs,
    onProbe: guard.noteProbe,
    now,
    wallNow,
    onChange: (state) => {
      logger.info({ state: state.state, reason: state.reason, detail: state.message }, "health changed");
      publisher.setHealth(state);
    },
    onRecovery: () => catalogue.relist("the server answers again"),
  });
  const publisher = createPublisher({
    server: options.server,
    health: health.health(),
    policy: describePolicy(options.policy.current()),
    transport,
    nowMs: wallNow(),
  });
  const tellPolicy = (policy: PolicyInForce): void => {
    const isForCallers = looksAtCallers(policy.compiled);
    publisher.setPolicy(
      describePolicy(policy),
      isForCallers ? writeVisiblePolicy(policy.hash, policy.layers) : undefined,
    );
    publisher.setVouchers(listVouchers(options, policy));
  };
  tellPolicy(options.policy.current());
  return {
    upstream,
    forward,
    path,
    publisher,
    catalogue,
    book,
    health,
    guard,
    outgoing,
    reportOutcome: (outcome, status) => {
      const shown = outcome === "answered" && status >= 500 ? "failed" : shownBy[outcome];
      if (shown !== undefined) health.reportOutcome(shown);
    },
    applyPolicy: (policy) => {
      tellPolicy(policy);
      catalogue.refilter();
    },
  };
}

/** Ids of the keys that may vouch for callers of this server. An assertion is meant for one namespace: without ours, none is. */
function listVouchers({ namespace, intake }: SidecarOptions, policy: PolicyInForce): readonly string[] {
  const keys = namespace === undefined ? undefined : (policy.assertionKeys ?? intake.assertionKeys);
  return keys?.keys.map(({ kid }) => kid) ?? [];
}

/** What the end of an exchange shows of the server: a call that never reached it shows nothing. */
const shownBy: Readonly<Record<Outcome, "ok" | "failed" | undefined>> = {
  answered: "ok",
  ResponseTooLarge: "ok",
  UpstreamUnavailable: "failed",
  UpstreamStarting: "failed",
  UpstreamTimeout: "failed",
  UpstreamBroken: "failed",
  UpstreamCredentialsUnavailable: undefined,
  UpstreamCredentialsRefused: undefined,
  CallerUnverified: undefined,
  CircuitOpen: undefined,
  FloodLimited: undefined,
};

const describePolicy = ({ hash, reason, message, compiled }: PolicyInForce): FeedState["policy"] => ({
  hash,
  reason,
  message,
  enforces: describeLimits(compiled),
});

/**
 * Who hears of a server: of its processes, that a container is there which was awaited, which transport was found out, that it ended a
 * connection that nobody used, how it stands with credentials for it.
 */
interface ServerEvents {
  readonly onChildEvent: () => void;
  readonly onReachable: () => void;
  readonly onFound: (transport: FeedTransport) => void;
  readonly onIdleEnd: () => void;
  readonly onTrouble: (trouble: Trouble | undefined) => void;
}

/** The way to the server. `raw`: its HTTP as it is, to ask whether somebody is there; the upstream itself where it has none. */
interface ServerAccessWay extends Pick<ServerSide, "upstream" | "forward" | "path" | "outgoing"> {
  readonly raw: Upstream;
  readonly transport: FeedTransport | undefined;
  readonly found: TransportChoice["found"];
}

function createUpstream(
  options: SidecarOptions,
  logger: Logger,
  { onChildEvent, onReachable, onFound, onIdleEnd, onTrouble }: ServerEvents,
): ServerAccessWay {
  const { upstream } = options;
  if (upstream.form === "http")
    return createNetworkUpstream(upstream, { options, logger, onFound, onIdleEnd, onTrouble });
  const source: StreamSource =
    upstream.form === "stdio"
      ? createSpawnSource({ server: upstream, stopWaitMs })
      : createSocketSource({ path: upstream.socket, stopWaitMs, onReachable });
  const stdio = createStdioUpstream({
    source,
    maxSessions: options.maxSessions,
    sessionIdleMs: options.sessionIdleMs,
    maxLineBytes: maxMessageBytes,
    restart: restartPauses,
    random: () => randomUUID(),
    now: () => performance.now(),
    logger,
    onChildEvent,
  });
  return {
    upstream: stdio,
    forward: { host: "127.0.0.1", extra: [] },
    path: options.path,
    raw: stdio,
    transport: { kind: "stdio", by: "configuration", atMs: Date.now() },
    found: undefined,
    outgoing: undefined,
  };
}

interface NetworkDeps {
  readonly options: SidecarOptions;
  readonly logger: Logger;
  readonly onFound: ServerEvents["onFound"];
  readonly onIdleEnd: ServerEvents["onIdleEnd"];
  readonly onTrouble: ServerEvents["onTrouble"];
}

interface NetworkServer {
  readonly url: URL;
  readonly headers: readonly string[];
  readonly transport?: HttpTransport | undefined;
  readonly outgoing: OutgoingOptions;
}

function createNetworkUpstream(
  server: NetworkServer,
  { options, logger, onFound, onIdleEnd, onTrouble }: NetworkDeps,
): ServerAccessWay {
  const { url, headers } = server;
  const { withheld } = server.outgoing;
  const limits = { ...connectionLimits, onIdleEnd };
  const { http, ...outgoing } = createOutgoing(server.outgoing, { url, limits, logger, onTrouble });
  const host = url.host.replace(/^(localhost|\[::1\])(?=:|$)/, "127.0.0.1");
  const choice = chooseTransport({
    declared: server.transport,
    http,
    wallNow: () => Date.now(),
    onFound(known) {
      logger.info({ transport: known.kind }, "the server's transport was found out");
      onFound(known);
    },
    openSse: () =>
      createSseUpstream({
        http,
        // The server sees the rewritten Host, and may name its endpoint by it.
        origins: [...new Set([url.origin, new URL(`${url.protocol}//${host}`).origin])],
        ...sseLimits,
        sessionIdleMs: options.sessionIdleMs,
        maxEventBytes: maxMessageBytes,
        maxQueuedBytes: maxMessageBytes,
        random: () => randomUUID(),
        now: () => performance.now(),
        logger,
      }),
  });
  return {
    upstream: choice.upstream,
    forward: { host, extra: headers, ...(withheld === undefined ? {} : { withheld }) },
    path: url.pathname + url.search,
    raw: http,
    transport: choice.declared,
    found: choice.found,
    outgoing,
  };
}
