/** Facts of an installation that is well, for tests to make one thing of it wrong. */
import type { EntryFacts, Facts, InjectedPod, ServerFacts, WorkloadFacts } from "../facts.ts";

/** The installation's own time. */
export const nowMs = Date.parse("2026-11-21T12:00:00Z");

/** An entry of the webhook configuration. */
export const entry: EntryFacts = { name: "pod.inject.outrigger.dev", failurePolicy: "Fail", caBundle: "PEM" };

/** A pod with the sidecar of the installation, probed. */
export const pod: InjectedPod = {
  namespace: "tools",
  name: "search-1",
  server: "search",
  image: "outrigger-sidecar:0.5.0",
  version: "0.5.0",
  enforced: { status: "True", reason: "PolicyEnforced", message: "2 addresses tried: closed" },
  denied: [],
  owner: { kind: "Deployment", name: "search" },
  labels: { app: "search" },
  unready: undefined,
  wiring: { mode: "sidecar-port", dataPort: 19_080, appPort: 3001 },
  ports: [
    { number: 3001, name: "mcp" },
    { number: 19_080, name: "" },
  ],
  narrowing: [],
};

/** The server behind it, as the aggregator knows it. */
export const server: ServerFacts = {
  namespace: "tools",
  name: "search",
  state: "Ready",
  reason: "Serving",
  message: "",
  tools: 3,
};

/** The workload behind it. */
export const workload: WorkloadFacts = {
  namespace: "tools",
  kind: "Deployment",
  name: "search",
  opting: "asked",
  refusal: "",
  failure: "",
  faults: [],
  hint: "",
  resources: {
    sidecar: { requests: { cpu: "50m", memory: "64Mi" }, limits: { memory: "160Mi" } },
    others: [{ requests: {}, limits: {} }],
  },
};

const seen = <T>(value: T): { readonly ok: true; readonly value: T } => ({ ok: true, value });
const program = (component: string) => ({
  component,
  name: `outrigger-${component}`,
  version: "0.5.0",
  wanted: 2,
  ready: 2,
  account: `outrigger-${component}`,
  variables: {},
});

/** All is well, but for what is given. */
export function factsOf(change: Partial<Facts> = {}): Facts {
  return {
    nowMs,
    release: { namespace: "outrigger-system", name: "outrigger", instance: "outrigger", version: "0.5.0" },
    programs: seen([program("webhook"), program("aggregator"), program("operator")]),
    programPods: seen([
      { component: "webhook", name: "webhook-1", version: "0.5.0", image: "outrigger-webhook:0.5.0" },
      { component: "webhook", name: "webhook-2", version: "0.5.0", image: "outrigger-webhook:0.5.0" },
    ]),
    entries: seen([entry]),
    certificate: seen({ trusted: true, fault: "", fromMs: nowMs - 86_400_000, untilMs: nowMs + 6 * 86_400_000 }),
    lease: seen({ name: "outrigger-operator", holder: "operator-1", renewedMs: nowMs - 3_000, holdsMs: 15_000 }),
    sidecar: seen({ image: "outrigger-sidecar:0.5.0", version: "0.5.0" }),
    injected: seen([pod]),
    missed: seen([]),
    refused: seen([]),
    known: seen({ servers: [server], faults: [] }),
    workloads: seen([workload]),
    optedIn: seen(["tools"]),
    keyFaults: seen([]),
    services: seen([]),
    bounds: seen([]),
    rights: seen([]),
    ...change,
  };
}
