/** The server's side of the sidecar: its upstream, what it lists, how well it is; told to whoever reads the feed. */
import { randomUUID } from "node:crypto";
import type { FeedState } from "@outrigger/api/feed";
import { describeLimits } from "@outrigger/policy";
import type { Logger } from "@outrigger/runtime/logger";
import type { Outcome } from "./call/answer-body.ts";
import { createCatalogue, type ServerCatalogue } from "./catalog/catalogue.ts";
import { createPublisher, type Publisher } from "./catalog/publish.ts";
import type { PolicyInForce } from "./bundle/policy-in-force.ts";
import type { SidecarOptions } from "./options.ts";
import { createHealthTracker, type HealthTracker } from "./probe/health-tracker.ts";
import { createProber } from "./probe/prober.ts";
import { createSocketSource } from "./stdio/process/connected.ts";
import { createSpawnSource } from "./stdio/process/spawned.ts";
import type { StreamSource } from "./stdio/process/streams.ts";
import { createStdioUpstream, type StdioUpstream } from "./stdio/stdio-upstream.ts";
import { createHttpUpstream, type HttpUpstream } from "./upstream/http.ts";
import { version } from "./version.ts";

/** Connections to an HTTP server. Streams are bounded by the memory that the image gives (docs/adr/0003). */
const connectionLimits = { maxCalls: 512, maxStreams: 2_000 } as const;

/** Restart pauses of a stdio server whose processes die early. */
const restartPauses = { minMs: 250, maxMs: 30_000 } as const;

/** Between the steps by which a stdio server's process is ended. */
const stopWaitMs = 2_000;

/** One message of a stdio server, and one answer that the catalogue reads. */
const maxMessageBytes = 16 * 1024 ** 2;

/** What the rest of the sidecar needs of the server's side. */
export interface ServerSide {
  readonly upstream: HttpUpstream | StdioUpstream;
  /** Host header and configured headers for the server, and its path. */
  readonly forward: { readonly host: string; readonly extra: readonly string[] };
  readonly path: string;
  readonly publisher: Publisher;
  readonly catalogue: ServerCatalogue;
  readonly health: HealthTracker;
  readonly reportOutcome: (outcome: Outcome) => void;
  readonly applyPolicy: (policy: PolicyInForce) => void;
}

/** Creates the server's side; nothing is asked before its catalogue and health are started. */
export function createServerSide(options: SidecarOptions, logger: Logger): ServerSide {
  const now = (): number => performance.now();
  const wallNow = (): number => Date.now();
  const { upstream, forward, path } = createUpstream(options, logger, {
    onChildEvent: () => health.check(),
    onReachable: () => catalogue.relist("the server's container takes sessions"),
  });
  const access = {
    upstream,
    path,
    headers: ["host", forward.host, ...forward.extra],
    timeoutMs: 10_000,
    maxBytes: maxMessageBytes,
  };
  const catalogue: ServerCatalogue = createCatalogue({
    access,
    transport: options.upstream.form === "http" ? "http" : "stdio",
    clientInfo: { name: "outrigger-sidecar", version },
    policy: () => options.policy.current().compiled,
    publisher: {
      setFacts: (facts) => publisher.setFacts(facts),
      setCatalogue: (outcome, listed) => publisher.setCatalogue(outcome, listed),
    },
    relistMs: 60_000,
    retryMs: { minMs: 250, maxMs: 10_000 },
    now,
    wallNow,
    logger,
    onOutcome: (outcome) => health.reportList(outcome),
  });
  const stdioStatus = "status" in upstream ? upstream.status : undefined;
  const health: HealthTracker = createHealthTracker({
    probe: createProber({ access, connection: catalogue.connection, stdioStatus }),
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
    nowMs: wallNow(),
  });
  return {
    upstream,
    forward,
    path,
    publisher,
    catalogue,
    health,
    reportOutcome: (outcome) => {
      const shown = shownBy[outcome];
      if (shown !== undefined) health.reportOutcome(shown);
    },
    applyPolicy: (policy) => {
      publisher.setPolicy(describePolicy(policy));
      catalogue.refilter();
    },
  };
}

/** What the end of an exchange shows of the server: a call that never reached it shows nothing. */
const shownBy: Readonly<Record<Outcome, "ok" | "failed" | undefined>> = {
  answered: "ok",
  ResponseTooLarge: "ok",
  UpstreamUnavailable: "failed",
  UpstreamStarting: "failed",
  UpstreamTimeout: "failed",
  UpstreamBroken: "failed",
  FloodLimited: undefined,
};

const describePolicy = ({ hash, reason, message, compiled }: PolicyInForce): FeedState["policy"] => ({
  hash,
  reason,
  message,
  enforces: describeLimits(compiled),
});

/** Who hears of a stdio server: of its processes, and that a container is there which was awaited. */
interface StdioEvents {
  readonly onChildEvent: () => void;
  readonly onReachable: () => void;
}

function createUpstream(
  options: SidecarOptions,
  logger: Logger,
  { onChildEvent, onReachable }: StdioEvents,
): Pick<ServerSide, "upstream" | "forward" | "path"> {
  const { upstream } = options;
  if (upstream.form === "http") {
    const { url, headers } = upstream;
    return {
      upstream: createHttpUpstream(url.origin, connectionLimits),
      forward: { host: url.host.replace(/^(localhost|\[::1\])(?=:|$)/, "127.0.0.1"), extra: headers },
      path: url.pathname + url.search,
    };
  }
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
  return { upstream: stdio, forward: { host: "127.0.0.1", extra: [] }, path: options.path };
}
