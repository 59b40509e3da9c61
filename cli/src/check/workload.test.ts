import { defaultConfig } from "@outrigger/webhook/inject";
import { describe, expect, it } from "vitest";
import type { WorkloadFacts } from "./facts.ts";
import { readWorkload } from "./workload.ts";

interface Change {
  readonly kind?: string;
  readonly name?: string;
  readonly labels?: object;
  readonly annotations?: object;
  readonly ownAnnotations?: object;
  readonly ownLabels?: object;
  readonly container?: object;
  readonly namespaceLabels?: Readonly<Record<string, string>>;
  readonly namespace?: string;
  readonly status?: object;
}

const optedIn = { "outrigger.dev/inject": "enabled" };

function makeRaw({ kind, name = "search", namespace = "tools", status = {}, ...change }: Change): object {
  const { labels = {}, annotations = {}, ownLabels = {}, ownAnnotations = {} } = change;
  const container = { name: "app", image: "app:1", ports: [{ containerPort: 3001 }], ...change.container };
  const template = { metadata: { labels, annotations }, spec: { containers: [container] } };
  return {
    metadata: { name, namespace, annotations: ownAnnotations, labels: ownLabels },
    spec: kind === "CronJob" ? { jobTemplate: { spec: { template } } } : { template },
    status,
  };
}

function read(change: Change = {}): WorkloadFacts {
  const { kind = "Deployment" } = change;
  const raw = makeRaw(change);
  return readWorkload(raw, {
    apiVersion: kind === "CronJob" ? "batch/v1" : "apps/v1",
    kind,
    namespace: { labels: change.namespaceLabels ?? {}, annotations: {} },
    config: defaultConfig,
  });
}

describe("a workload", () => {
  it.each<[string, Change, WorkloadFacts["opting"]]>([
    ["that its label opts in", { labels: optedIn }, "asked"],
    ["that its namespace opts in", { namespaceLabels: optedIn }, "asked"],
    ["that opts out of it", { namespaceLabels: optedIn, labels: { "outrigger.dev/inject": "disabled" } }, "out"],
    ["that nothing opts in", {}, "unlabelled"],
    ["of a system namespace", { namespaceLabels: optedIn, namespace: "kube-system" }, "unlabelled"],
  ])("%s", (_which, change, opting) => {
    expect(read(change).opting).toBe(opting);
  });

  it("whose next pods would be refused is told with the webhook's own words, and only where it is asked", () => {
    const container = { ports: [{ containerPort: 3001 }, { containerPort: 3002 }] };
    const refusal = 'container "app" declares 3001 and 3002: set outrigger.dev/port [AmbiguousPort]';
    expect(read({ labels: optedIn, container }).refusal).toBe(refusal);
    expect(read({ container }).refusal).toBe("");
    expect(read({ labels: optedIn }).refusal).toBe("");
  });

  it.each([
    ['admission webhook "pod.inject.outrigger.dev" denied the request: 1 problem', true],
    ["ValidatingAdmissionPolicy 'guard-admission-injection' with binding 'x' denied request: no sidecar", true],
    ['pods "a" is forbidden: failed quota: team: must specify limits.cpu for: outrigger-sidecar', true],
    ['pods "a" is forbidden: exceeded quota: team', false],
    ['admission webhook "other.example.com" denied the request', false],
  ])("that could not make pods because of %j is ours to tell: %s", (message, isOurs) => {
    const status = { conditions: [{ type: "ReplicaFailure", status: "True", reason: "FailedCreate", message }] };
    expect(read({ labels: optedIn, status }).failure).toBe(isOurs ? message : "");
  });

  it.each<[Change, string]>([
    [{ container: { image: "ghcr.io/example/mcp-search:1" } }, "image ghcr.io/example/mcp-search:1"],
    [{ container: { command: ["npx", "-y", "@example/server-mcp"] } }, "command with @example/server-mcp"],
    [{ name: "github-mcp" }, "its name"],
    [{ name: "mcpherson" }, ""],
    [{ container: { ports: [{ name: "http", containerPort: 8080 }] } }, ""],
    [{ name: "github-mcp", labels: optedIn }, ""],
    [{ name: "github-mcp", labels: { "outrigger.dev/inject": "disabled" } }, ""],
    [{ name: "mcp", namespace: "kube-system" }, ""],
  ])("F-185 looks like an MCP server only where its author says so: %j", (change, hint) => {
    expect(read(change).hint).toBe(hint);
  });

  it("is measured with the sidecar that its next pods get", () => {
    const annotations = { "outrigger.dev/sidecar-cpu-limit": "300m" };
    const container = { resources: { limits: { memory: "1Gi" } } };
    expect(read({ labels: optedIn, annotations, container }).resources).toEqual({
      sidecar: { requests: { cpu: "50m", memory: "64Mi" }, limits: { cpu: "300m", memory: "160Mi" } },
      others: [{ requests: {}, limits: { memory: "1Gi" } }],
    });
    expect(read().resources).toBeUndefined();
  });
});

const inTemplate = (metadata: object): string =>
  `kubectl patch deployment/search --namespace tools --patch '${JSON.stringify({ spec: { template: { metadata } } })}'`;

describe("labels and annotations without effect, each with the patch that mends it", () => {
  it.each<[string, Change, string, string]>([
    [
      "a mistyped key",
      { labels: optedIn, annotations: { "outrigger.dev/rate-limt": "60/m" } },
      "annotation outrigger.dev/rate-limt is not read; did you mean rate-limit?",
      inTemplate({ annotations: { "outrigger.dev/rate-limt": null, "outrigger.dev/rate-limit": "60/m" } }),
    ],
    [
      "a mistyped key with a value that would be refused",
      { labels: optedIn, annotations: { "outrigger.dev/rate-limt": "often" } },
      "annotation outrigger.dev/rate-limt is not read; did you mean rate-limit?",
      inTemplate({ annotations: { "outrigger.dev/rate-limt": null } }),
    ],
    [
      "a key that is like no other",
      { labels: optedIn, annotations: { "outrigger.dev/colour-of-the-sail": "red" } },
      "annotation outrigger.dev/colour-of-the-sail is not read",
      inTemplate({ annotations: { "outrigger.dev/colour-of-the-sail": null } }),
    ],
    [
      "an annotation given as a label",
      { labels: { ...optedIn, "outrigger.dev/group": "docs" } },
      "outrigger.dev/group is read as annotation, not as label",
      inTemplate({ labels: { "outrigger.dev/group": null }, annotations: { "outrigger.dev/group": "docs" } }),
    ],
    [
      "a key that the port mode does not read",
      { labels: optedIn, annotations: { "outrigger.dev/host-env": "HOST" } },
      "annotation outrigger.dev/host-env is not read in port mode sidecar-port",
      inTemplate({ annotations: { "outrigger.dev/host-env": null } }),
    ],
    [
      "the label on the Deployment instead of its template",
      { ownLabels: optedIn },
      "outrigger.dev/inject belongs on spec.template.metadata.labels",
      inTemplate({ labels: optedIn }),
    ],
    [
      "an annotation of pods on the Deployment",
      { labels: optedIn, ownAnnotations: { "outrigger.dev/path": "/mcp" } },
      "outrigger.dev/path belongs on spec.template.metadata.annotations",
      inTemplate({ annotations: { "outrigger.dev/path": "/mcp" } }),
    ],
    [
      "annotations on a template that nothing opts in",
      { annotations: { "outrigger.dev/path": "/mcp" } },
      "outrigger.dev/path does nothing: spec.template.metadata.labels lacks outrigger.dev/inject=enabled",
      inTemplate({ labels: optedIn }),
    ],
  ])("%s", (_what, change, text, mend) => {
    const { faults } = read(change);
    expect(faults).toEqual([{ object: "tools/deployment/search", text, mend }]);
  });

  it("of a CronJob are patched where its pods are described", () => {
    const { faults } = read({ kind: "CronJob", labels: optedIn, annotations: { "outrigger.dev/pat": "/mcp" } });
    expect(faults[0]?.mend).toContain('{"spec":{"jobTemplate":{"spec":{"template":{"metadata":');
  });

  it("are none where all is read where it stands", () => {
    const well = { labels: optedIn, ownAnnotations: { "outrigger.dev/idle-ttl": "10m" }, ownLabels: optedIn };
    expect(read(well).faults).toEqual([]);
  });
});
