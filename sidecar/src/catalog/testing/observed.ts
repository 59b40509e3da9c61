/** For tests: a catalogue with its publisher and health over any upstream, as a sidecar puts them together. */
import { readCatalogue, type Catalogue, type FeedState } from "@outrigger/api/feed";
import {
  compilePolicy,
  describeLimits,
  openDocument,
  type CompiledPolicy,
  type PolicyDocument,
} from "@outrigger/policy";
import { createLogger } from "@outrigger/runtime/logger";
import { createHealthTracker, type HealthTracker } from "../../probe/health-tracker.ts";
import { createProber } from "../../probe/prober.ts";
import type { StdioStatus } from "../../stdio/process/children.ts";
import type { Upstream, UpstreamRequest } from "../../upstream/upstream.ts";
import { createCatalogue, type CatalogueOptions, type ServerCatalogue } from "../catalogue.ts";
import { createPublisher, type Publisher } from "../publish.ts";

/** Everything that a test looks at. */
export interface Observed {
  readonly publisher: Publisher;
  readonly catalogue: ServerCatalogue;
  readonly tracker: HealthTracker;
  /** Every state that was published, oldest first. */
  readonly states: readonly FeedState[];
  /** Every request that was sent to the server, as method and JSON-RPC method. */
  readonly sent: readonly string[];
  readonly current: () => Catalogue;
  readonly setPolicy: (document: Partial<PolicyDocument>) => void;
  readonly close: () => Promise<void>;
}

/** Starts to observe a server. */
export function observe(
  upstream: Upstream,
  options: Partial<CatalogueOptions> & { readonly path?: string; readonly stdioStatus?: () => StdioStatus } = {},
): Observed {
  const states: FeedState[] = [];
  const sent: string[] = [];
  let policy: CompiledPolicy = compilePolicy([openDocument]);
  const now = (): number => performance.now();
  const access = {
    upstream: { ...upstream, send: record(upstream, sent) },
    path: options.path ?? "/mcp",
    headers: [],
    timeoutMs: 5_000,
    maxBytes: 16 * 1024 ** 2,
  };
  const starting = { state: "Initializing", reason: "Starting", message: "", sinceMs: 0 } as const;
  const publisher = createPublisher({
    server: "observed",
    health: starting,
    policy: { hash: "h", reason: "PolicyApplied", message: "", enforces: describeLimits(compilePolicy([])) },
    nowMs: 0,
  });
  publisher.subscribe((state) => states.push(state));
  const catalogue = createCatalogue({
    access,
    transport: options.stdioStatus === undefined ? "http" : "stdio",
    clientInfo: { name: "test", version: "0" },
    policy: () => policy,
    publisher,
    relistMs: 60_000,
    retryMs: { minMs: 50, maxMs: 500 },
    now,
    wallNow: Date.now,
    logger: createLogger({ component: "test", version: "0", destination: { write: () => undefined } }),
    onOutcome: (outcome) => tracker.reportList(outcome),
    ...options,
  });
  const tracker = createHealthTracker({
    probe: createProber({ access, connection: catalogue.connection, stdioStatus: options.stdioStatus }),
    now,
    wallNow: Date.now,
    onChange: publisher.setHealth,
    onRecovery: () => catalogue.relist("health recovered"),
    intervalMs: 100,
    recheckMs: 50,
  });
  catalogue.start();
  tracker.start();
  return {
    publisher,
    catalogue,
    tracker,
    states,
    sent,
    current() {
      const json = publisher.findCatalogue(publisher.current().digest ?? "");
      const read = json === undefined ? undefined : readCatalogue(JSON.parse(json.toString()));
      if (read === undefined) throw new Error("no catalogue was published");
      return read;
    },
    setPolicy(document) {
      policy = compilePolicy([{ ...openDocument, ...document }]);
      catalogue.refilter();
    },
    async close() {
      tracker.close();
      await catalogue.close();
    },
  };
}

function record(upstream: Upstream, sent: string[]): Upstream["send"] {
  return (request: UpstreamRequest, sink) => {
    sent.push(request.message?.method ?? request.method);
    return upstream.send(request, sink);
  };
}
