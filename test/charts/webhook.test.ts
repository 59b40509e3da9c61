/** The webhook's objects against the webhook's own code: selectors, configuration file, policy, ports, versions. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { registrationObject } from "@outrigger/api/cluster-objects";
import { aggregatorPorts, operatorPorts, sidecarPorts, webhookPorts } from "@outrigger/api/ports";
import { wakeAudience } from "@outrigger/api/wake";
import type { Values } from "../../charts/values/node.ts";
import { layersOf, readPolicy, type ReadPolicy } from "../../operator/src/policy/read-policy.ts";
import { defaultConfig, isSystemNamespace, version } from "../../webhook/src/inject/config.ts";
import { parseInjectionConfig } from "../../webhook/src/inject/read/config.ts";
import { entries, type SelectorTerm } from "../../webhook/src/inject/registration.ts";
import { validatingEntries } from "../../webhook/src/validate/registration.ts";
import { readChartCases } from "./golden.ts";
import { chartFolder, findObject, parseObjects, renderManifest, renderObjects, type RenderedObject } from "./render.ts";

interface RenderedEntry {
  readonly name: string;
  readonly clientConfig: { readonly caBundle?: string; readonly service: unknown };
  readonly namespaceSelector: { readonly matchExpressions: readonly SelectorTerm[] };
  readonly objectSelector: { readonly matchExpressions?: readonly SelectorTerm[] };
}

interface Rule {
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

const isOperator = ({ metadata }: RenderedObject): boolean =>
  metadata.labels?.["app.kubernetes.io/component"] === "operator";

/** The certificate of the golden case. */
function readExamplePem(): string {
  const { values } = readChartCases().find(({ name }) => name === "files")!;
  return (values as { certificates: { files: { caBundle: string } } }).certificates.files.caBundle;
}

const objects = await renderObjects();
const listEntries = (from: readonly RenderedObject[]): RenderedEntry[] =>
  findObject(from, "MutatingWebhookConfiguration", "outrigger")["webhooks"] as RenderedEntry[];

const readData = (object: RenderedObject): Readonly<Record<string, string>> =>
  object["data"] as Readonly<Record<string, string>>;

/** The configuration as the webhook takes it. */
function readConfig(from: readonly RenderedObject[], name = "outrigger-webhook") {
  const text = readData(findObject(from, "ConfigMap", name))["injection.json"] ?? "";
  const read = parseInjectionConfig(JSON.parse(text));
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  return read.config;
}

describe("the webhook configuration", () => {
  const system: SelectorTerm = {
    key: "kubernetes.io/metadata.name",
    operator: "NotIn",
    values: ["kube-system", "kube-public", "kube-node-lease", "outrigger-system"],
  };

  it("has the entries and selectors that the webhook knows", () => {
    expect(
      listEntries(objects).map(({ name, clientConfig, namespaceSelector, objectSelector }) => ({
        name,
        service: clientConfig.service,
        namespaces: namespaceSelector.matchExpressions,
        pods: objectSelector.matchExpressions ?? [],
      })),
    ).toEqual(
      entries.map((entry) => ({
        name: entry.name,
        service: { name: "outrigger-webhook", namespace: "outrigger-system", path: entry.path, port: 443 },
        namespaces: [...entry.namespaceSelector, system],
        pods: entry.objectSelector,
      })),
    );
  });

  it.each(["self", "cert-manager"])("names no authority in certificate mode %s", async (mode) => {
    const rendered = listEntries(await renderObjects({ certificates: { mode } }));
    expect(rendered.map(({ clientConfig }) => clientConfig.caBundle)).toEqual([undefined, undefined, undefined]);
  });

  const files = { mode: "files", files: { secretName: "tls", caBundle: readExamplePem() } };
  const unlimited = { certificates: files };
  const limited = { ...unlimited, rbac: { namespaces: ["tools"] } };
  const alone = { ...unlimited, operator: { enabled: false } };

  it.each<[string, Values, string]>([
    ["self", {}, "self"],
    ["cert-manager", { certificates: { mode: "cert-manager" } }, "cert-manager"],
    ["files, with the operator", unlimited, "files"],
    ["files, for some namespaces", limited, "chart"],
    ["files, without the operator", alone, "chart"],
    [
      "files, without certificates to trust",
      { certificates: { mode: "files", files: { secretName: "tls" } } },
      "others",
    ],
  ])("has one who says whom to trust: %s", async (_mode, values, source) => {
    const rendered = await renderObjects(values);
    const configuration = findObject(rendered, "MutatingWebhookConfiguration", "outrigger");
    expect(configuration.metadata.annotations?.[registrationObject.trustFrom]).toBe(source);
    const isOperators = source === registrationObject.self || source === registrationObject.files;
    const writers = {
      chart: listEntries(rendered).every(({ clientConfig }) => clientConfig.caBundle !== undefined),
      operator: /OUTRIGGER_CA_(SECRET|BUNDLE)/.test(JSON.stringify(rendered.filter(isOperator))),
      others: configuration.metadata.annotations?.["cert-manager.io/inject-ca-from"] !== undefined,
    };
    expect(writers).toEqual({
      chart: source === "chart",
      operator: isOperators,
      others: source === "cert-manager",
    });
    const patches = rendered.filter(isOperator).flatMap((object) => (object["rules"] ?? []) as readonly Rule[]);
    const mayWrite = patches.some(
      ({ resources, verbs }) => resources.includes("mutatingwebhookconfigurations") && verbs.includes("patch"),
    );
    expect(mayWrite).toBe(isOperators);
    expect(JSON.stringify(patches).includes("validatingwebhookconfigurations")).toBe(isOperators);
  });

  it("leaves namespaces alone that the webhook leaves alone", async () => {
    const config = readConfig(objects);
    for (const name of system.values ?? []) expect(isSystemNamespace(name, config)).toBe(true);
    const rendered = await renderObjects({ injection: { systemNamespaces: ["monitoring"] } });
    expect(isSystemNamespace("monitoring", readConfig(rendered))).toBe(true);
    expect(JSON.stringify(listEntries(rendered)).match(/"monitoring"/g)).toHaveLength(entries.length);
  });
});

describe("the validating configuration", () => {
  interface ValidatingEntry extends RenderedEntry {
    readonly failurePolicy: string;
    readonly timeoutSeconds: number;
    readonly sideEffects: string;
    readonly rules: readonly { readonly operations: readonly string[]; readonly resources: readonly string[] }[];
  }
  const listValidating = (from: readonly RenderedObject[]): ValidatingEntry[] =>
    findObject(from, "ValidatingWebhookConfiguration", "outrigger")["webhooks"] as ValidatingEntry[];
  const system = listEntries(objects)[0]?.namespaceSelector.matchExpressions.at(-1);

  it("has the entries and selectors that the webhook knows", () => {
    expect(
      listValidating(objects).map(({ name, clientConfig, namespaceSelector }) => ({
        name,
        service: clientConfig.service,
        namespaces: namespaceSelector.matchExpressions,
      })),
    ).toEqual(
      validatingEntries.map((entry) => ({
        name: entry.name,
        service: { name: "outrigger-webhook", namespace: "outrigger-system", path: entry.path, port: 443 },
        namespaces: [...entry.namespaceSelector, system],
      })),
    );
  });

  it("is in nobody's way: nothing waits for it longer than 2 s, nothing is refused without it", () => {
    for (const { failurePolicy, timeoutSeconds, sideEffects, rules } of listValidating(objects)) {
      expect([failurePolicy, timeoutSeconds, sideEffects]).toEqual(["Ignore", 2, "None"]);
      for (const { operations } of rules) expect(operations).toEqual(["CREATE", "UPDATE"]);
    }
  });

  it.each(readChartCases())("of case $name trusts whom the mutating one trusts", async ({ values }) => {
    const rendered = await renderObjects(values);
    const [mutating, validating] = ["Mutating", "Validating"].map((kind) =>
      rendered.find((object) => object.kind === `${kind}WebhookConfiguration`),
    );
    expect(validating?.metadata).toEqual(mutating?.metadata);
    const bundles = new Set(
      [mutating, validating].flatMap((each) =>
        ((each?.["webhooks"] ?? []) as RenderedEntry[]).map(({ clientConfig }) => clientConfig.caBundle),
      ),
    );
    expect(bundles.size).toBe(1);
  });

  it("is not there where it is not wanted", async () => {
    const rendered = await renderObjects({ webhook: { validateWorkloads: false } });
    expect(rendered.some(({ kind }) => kind === "ValidatingWebhookConfiguration")).toBe(false);
    expect(listEntries(rendered)).toEqual(listEntries(objects));
  });
});

describe("what keeps the webhook out of the way", () => {
  interface PodSpec {
    readonly priorityClassName?: string;
    readonly affinity?: object;
    readonly topologySpreadConstraints?: readonly object[];
  }
  const readDeployment = (from: readonly RenderedObject[]) =>
    findObject(from, "Deployment", "outrigger-webhook")["spec"] as {
      readonly replicas: number;
      readonly template: { readonly spec: PodSpec };
    };

  it("F-027 is two replicas, apart from each other, of which one may leave, and short waits", () => {
    const { replicas, template } = readDeployment(objects);
    expect(replicas).toBe(2);
    const apart = JSON.stringify([template.spec.affinity, template.spec.topologySpreadConstraints]);
    for (const key of ["kubernetes.io/hostname", "topology.kubernetes.io/zone"]) expect(apart).toContain(key);
    expect(findObject(objects, "PodDisruptionBudget", "outrigger-webhook")["spec"]).toMatchObject({
      maxUnavailable: 1,
      unhealthyPodEvictionPolicy: "AlwaysAllow",
    });
    for (const { timeoutSeconds } of findObject(objects, "MutatingWebhookConfiguration", "outrigger")[
      "webhooks"
    ] as readonly { readonly timeoutSeconds: number }[])
      expect(timeoutSeconds).toBe(5);
  });

  it("F-027 takes the priority class that it is given", async () => {
    const rendered = await renderObjects({ webhook: { priorityClassName: "system-cluster-critical" } });
    expect(readDeployment(rendered).template.spec.priorityClassName).toBe("system-cluster-critical");
  });
});

describe("the configuration file", () => {
  it("is what the webhook runs with by itself, where nothing is said", () => {
    expect(readConfig(objects)).toEqual({ ...defaultConfig, kubernetesVersion: "1.34" });
  });

  it.each(readChartCases())("of case $name is one that the webhook takes", async ({ name, values }) => {
    expect(() => readConfig([], "")).toThrow();
    expect(readConfig(await renderObjects(values), name === "many" ? "guard-webhook" : undefined)).toBeDefined();
  });
});

describe("a webhook without the operator", () => {
  it("waits for no keys and no policies, which nobody would make", async () => {
    const { values } = readChartCases().find(({ name }) => name === "without-operator")!;
    const { template } = findObject(await renderObjects(values), "Deployment", "outrigger-webhook")["spec"] as {
      readonly template: {
        readonly spec: { readonly containers: readonly { env: { name: string; value: string }[] }[] };
      };
    };
    const env = new Map(template.spec.containers[0]?.env.map(({ name, value }) => [name, value]));
    expect(env.get("OUTRIGGER_NAMESPACE_ANNOTATIONS")).toBe("{}");
    expect([env.has("OUTRIGGER_KUBE"), env.has("OUTRIGGER_TRUST")]).toEqual([false, false]);
  });
});

describe("the policy", () => {
  const readPolicyOf = (from: readonly RenderedObject[], name: string): ReadPolicy =>
    readPolicy(readData(findObject(from, "ConfigMap", name))["policy.yaml"] ?? "");

  it("is one that the operator takes, layer by layer", async () => {
    const { values } = readChartCases().find(({ name }) => name === "many")!;
    const read = readPolicyOf(await renderObjects(values), "guard-policy");
    if (!read.ok) throw new Error(read.problems.join());
    expect(layersOf(read.policy, "tools", "search")).toEqual([
      {
        defaultAction: "Deny",
        tools: { allow: ["read_*"] },
        limits: [{ name: "all", rate: "100/s", burst: 1_000_000 }],
      },
      { tools: { deny: ["delete_*"] } },
      { sizes: { maxResponseBytes: "1Mi" } },
    ]);
  });

  it("allows where nothing is said", () => {
    const read = readPolicyOf(objects, "outrigger-policy");
    expect(read).toMatchObject({ ok: true, policy: { installation: { defaultAction: "Allow" } } });
  });
});

describe("numbers", () => {
  it("of ports are those of the programs", async () => {
    const { values } = readChartCases().find(({ name }) => name === "monitors")!;
    const rendered = await renderManifest({ values });
    expect(rendered).toContain(`containerPort: ${webhookPorts.tls}`);
    expect(rendered).toContain(`OUTRIGGER_ADMIN\n              value: "0.0.0.0:${webhookPorts.admin}"`);
    expect(rendered).toContain(`0.0.0.0:${aggregatorPorts.endpoint}`);
    expect(rendered).toContain(`0.0.0.0:${aggregatorPorts.admin}`);
    expect(rendered).toContain(`portNumber: ${sidecarPorts.admin}`);
    expect(findObject(parseObjects(rendered), "Service", "outrigger-operator-metrics")).toMatchObject({
      spec: { ports: [{ port: operatorPorts.admin }] },
    });
    expect(findObject(parseObjects(rendered), "Service", "outrigger-operator-wake")).toMatchObject({
      spec: { ports: [{ port: operatorPorts.wake, targetPort: operatorPorts.wake }] },
    });
    expect(rendered).toContain(`OUTRIGGER_WAKE\n              value: "0.0.0.0:${operatorPorts.wake}"`);
  });

  it("of the wake port's audience and address are those that the operator takes and the aggregator asks", async () => {
    const objects = parseObjects(await renderManifest({ values: { fullnameOverride: "guard" } }));
    const calling = findObject(objects, "Deployment", "guard-aggregator");
    const aggregator = JSON.stringify(calling);
    expect(aggregator).toContain(`"audience":"${wakeAudience}"`);
    const { metadata } = findObject(objects, "Service", "guard-operator-wake");
    expect(aggregator).toContain(`"http://${metadata.name}.${metadata.namespace ?? ""}.svc:${operatorPorts.wake}"`);
    const operator = JSON.stringify(findObject(objects, "Deployment", "guard-operator"));
    const { template } = calling["spec"] as { template: { spec: { serviceAccountName: string } } };
    const waker = `outrigger-system/${template.spec.serviceAccountName}`;
    expect(operator).toContain(`{"name":"OUTRIGGER_WAKERS","value":"${waker}"}`);
  });

  it("of versions are those of the programs", () => {
    const chart: unknown = parse(readFileSync(join(chartFolder, "Chart.yaml"), "utf8"));
    expect(chart).toMatchObject({ version, appVersion: version });
  });
});
