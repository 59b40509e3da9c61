/** `outrigger explain -f`: what is said of manifests and admission reviews, and how it ends. */
import { describe, expect, it } from "vitest";
import { runProgram } from "../program.ts";
import { recordIo, type RecordedIo } from "../recorded-io.ts";

async function run(stdin: string, args: readonly string[] = [], columns?: number): Promise<RecordedIo> {
  const recorded = recordIo({ stdin, ...(columns === undefined ? {} : { columns }) });
  await runProgram(recorded.io, ["explain", "-f", "-", ...args]);
  return recorded;
}

interface Document {
  readonly ok: boolean;
  readonly counts: object;
  readonly objects: readonly {
    readonly object: object;
    readonly decision: { readonly action: string; readonly reason: string };
    readonly call: { readonly called: boolean; readonly entry?: string; readonly why: readonly string[] };
    readonly injection?: {
      readonly adds: readonly string[];
      readonly changes: readonly string[];
      readonly services: readonly object[];
      readonly qos: object;
      readonly resources: object;
    };
    readonly policy: readonly object[];
    readonly settings: readonly object[];
  }[];
}
const runJson = async (stdin: string, args: readonly string[] = []): Promise<Document> =>
  JSON.parse((await run(stdin, [...args, "--json"])).out()) as Document;

interface PodOptions {
  readonly annotations?: string;
  readonly labels?: string;
  readonly spec?: string;
}
const pod = ({
  annotations = "{}",
  labels = "{outrigger.dev/inject: enabled}",
  spec = "",
}: PodOptions = {}): string => `
apiVersion: v1
kind: Pod
metadata: {name: search, namespace: tools, labels: ${labels}, annotations: ${annotations}}
spec:
  containers:
    - name: app
      ports: [{name: http, containerPort: 8080}]
      readinessProbe: {httpGet: {port: http, path: /healthz}}
${spec}
`;
const service = (port: string): string => `---
apiVersion: v1
kind: Service
metadata: {name: search, namespace: tools}
spec: {selector: {outrigger.dev/inject: enabled}, ports: [${port}]}
`;
const namespace = `---
apiVersion: v1
kind: Namespace
metadata:
  name: tools
  labels: {outrigger.dev/inject: enabled}
  annotations: {outrigger.dev/deny-tools: delete_*, outrigger.dev/drain-seconds: "20"}
`;

describe("outrigger explain -f", () => {
  it("says of an injected pod what is done, why, and by which entry", async () => {
    const { out, exitCode } = await run(pod());
    expect(exitCode()).toBe(0);
    expect(out()).toBe(`✓ Pod/search in namespace tools: injected [Injected]
    why        row 24: The sidecar was added to the pod.
    asked      by pod.inject.outrigger.dev (/mutate/pod)
    server     search in container app, port 8080
    transport  Streamable HTTP or HTTP+SSE: the sidecar finds out
    port mode  sidecar-port: the sidecar takes calls on port 19080, path /mcp
    guarantee  policy: as good as the network policy of the cluster
    services   none is known; targetPort 19080 leads to the sidecar, 8080 past it
    adds       init container outrigger-sidecar
               volumes outrigger-no-token, outrigger-config
               labels outrigger.dev/injected, outrigger.dev/server
               annotations kubectl.kubernetes.io/default-container, kubectl.kubernetes.io/default-logs-container, outrigger.dev/endpoint, outrigger.dev/status
    changes    container app: lifecycle.preStop (none) becomes GET 19082/app-lifecycle/app/prestop
    resources  requests cpu 50m, memory 64Mi; limits memory 160Mi
    QoS class  BestEffort becomes Burstable

1 injected.
`);
  });

  it("names every problem of a refused pod with what mends it, and exits as refused", async () => {
    const { out, exitCode } = await run(
      pod({ annotations: "{outrigger.dev/rate-limit: 60/sec}", spec: "  hostNetwork: true" }),
    );
    expect(exitCode()).toBe(4);
    expect(out()).toContain("✗ Pod/search in namespace tools: refused [HostNetwork]\n");
    expect(out()).toContain("The API server answers with 422.");
    expect(out()).toMatch(/problem {4}outrigger.dev\/rate-limit="60\/sec": expected .* \[InvalidAnnotation\]\n {4}fix/);
    expect(out()).toMatch(/1 refused\.\n$/);
  });

  it("says of a pod that nobody asks about which selector leaves it out", async () => {
    const { objects } = await runJson(pod({ labels: "{}" }));
    expect(objects[0]).toMatchObject({ decision: { action: "skip", reason: "NotOptedIn" }, call: { called: false } });
    expect(objects[0]?.call.why).toEqual([
      "not by pod.inject.outrigger.dev: the pod has no label outrigger.dev/inject, expected outrigger.dev/inject Exists",
      "not by namespace.inject.outrigger.dev: the namespace has no label outrigger.dev/inject, expected outrigger.dev/inject In [enabled]",
      "not by enforced.inject.outrigger.dev: the namespace has no label outrigger.dev/enforce, expected outrigger.dev/enforce In [required]",
    ]);
  });

  it("takes labels and annotations of a Namespace in the file, and options before them", async () => {
    const { objects } = await runJson(pod({ labels: "{}" }) + namespace, [
      "--namespace-annotation",
      "outrigger.dev/drain-seconds=7",
    ]);
    expect(objects[0]?.call.entry).toBe("namespace.inject.outrigger.dev");
    expect(objects[0]?.policy).toEqual([{ key: "outrigger.dev/deny-tools", value: "delete_*", from: "namespace" }]);
    expect(objects[0]?.settings).toContainEqual({ key: "outrigger.dev/drain-seconds", value: "7", from: "namespace" });
    expect(objects[1]).toMatchObject({ decision: { action: "pass", reason: "UnsupportedKind" } });
  });

  it("tells where each value is from, and all that narrow", async () => {
    const given = pod({ annotations: "{outrigger.dev/deny-tools: write_*, outrigger.dev/log-level: debug}" });
    const { objects } = await runJson(given + namespace);
    expect(objects[0]?.policy).toEqual([
      { key: "outrigger.dev/deny-tools", value: "write_*", from: "pod" },
      { key: "outrigger.dev/deny-tools", value: "delete_*", from: "namespace" },
    ]);
    expect(objects[0]?.settings).toEqual(
      expect.arrayContaining([
        { key: "outrigger.dev/log-level", value: "debug", from: "pod" },
        { key: "outrigger.dev/drain-seconds", value: "20", from: "namespace" },
        { key: "outrigger.dev/path", value: "/mcp", from: "default" },
      ]),
    );
  });

  it.each([
    ["sidecar-port", "{port: 80, targetPort: 8080}", "server"],
    ["sidecar-port", "{port: 80, targetPort: http}", "server"],
    ["sidecar-port", "{port: 80, targetPort: 19080}", "sidecar"],
    ["sidecar-port", "{port: 19080}", "sidecar"],
    ["sidecar-port", "{port: 80, targetPort: nothing}", "other"],
    ["loopback", "{port: 8080}", "sidecar"],
    ["loopback", "{port: 80, targetPort: http}", "sidecar"],
    ["named-port", "{port: 80, targetPort: http}", "sidecar"],
    ["named-port", "{port: 80, targetPort: 8080}", "server"],
  ])("in port mode %s a Service's %s leads to: %s", async (mode, port, leadsTo) => {
    const { objects } = await runJson(pod({ annotations: `{outrigger.dev/port-mode: ${mode}}` }) + service(port));
    expect(objects[0]?.injection?.services).toMatchObject([{ service: "search", leadsTo }]);
  });

  it("says which probes change, which variables come, and what becomes of the class of service", async () => {
    const annotations = "{outrigger.dev/port-mode: env, outrigger.dev/host-env: HOST}";
    const { objects } = await runJson(pod({ annotations }));
    expect(objects[0]?.injection?.adds).toContain("variable HOST in container app");
    expect(objects[0]?.injection?.changes).toContain(
      "container app: readinessProbe GET http/healthz becomes GET 19082/app-health/app/readyz",
    );
    expect(objects[0]?.injection?.qos).toEqual({ before: "BestEffort", after: "Burstable" });
  });

  it("explains a request as the admission review says it", async () => {
    const review = (request: object, apiVersion = "admission.k8s.io/v1"): string =>
      JSON.stringify({ apiVersion, kind: "AdmissionReview", request });
    const kind = { group: "", version: "v1", kind: "Pod" };
    const { objects } = await runJson(
      review({ uid: "1", operation: "DELETE", kind, namespace: "tools", object: null }),
    );
    expect(objects[0]).toMatchObject({
      object: { namespace: "tools" },
      review: { operation: "DELETE", kind: "v1/Pod", dryRun: false },
      decision: { reason: "NotApplicable", row: "1" },
      call: { called: false },
    });
    const old = await run(review({ uid: "1" }, "admission.k8s.io/v1beta1"));
    expect(old.exitCode()).toBe(2);
    expect(old.err()).toContain(
      'stdin: AdmissionReview: expected apiVersion admission.k8s.io/v1, got "admission.k8s.io/v1beta1"',
    );
  });

  it("counts what would become of a whole file", async () => {
    const file = `${pod()}---${pod({ labels: "{}" })}---${pod({ spec: "  hostNetwork: true" })}${service("{port: 80}")}`;
    expect(await runJson(file)).toMatchObject({
      ok: false,
      counts: { injected: 1, leftAlone: 1, refused: 1, noPod: 1 },
    });
    const { out } = await run(file);
    expect(out()).toMatch(/\n1 injected, 1 left alone, 1 refused, 1 no pod\.\n$/);
  });

  it("keeps within a narrow terminal, and shows control characters of names as nothing", async () => {
    const { out } = await run(pod({ labels: "{}" }).replace("name: search", 'name: "sea\\e[31mrch"'), [], 60);
    const widest = Math.max(
      ...out()
        .split("\n")
        .map((line) => line.length),
    );
    expect(widest).toBeLessThanOrEqual(72);
    expect(out()).toContain("Pod/search");
    expect(out()).not.toContain("\u001b");
  });

  it.each([
    [["explain"], "Expected --filename, or an object"],
    [["explain", "tool"], "Expected the name of a tool"],
    [["explain", "-f", "-", "pod/x"], "no object is named beside it"],
    [["explain", "a", "b", "c"], "Expected one object"],
    [["explain", "-f", "-", "--scope", "all"], "--scope"],
  ])("refuses %j with what was expected", async (argv, message) => {
    const { io, err, exitCode } = recordIo({ stdin: "" });
    await runProgram(io, argv);
    expect(exitCode()).toBe(2);
    expect(err()).toContain(message);
  });
});
