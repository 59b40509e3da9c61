/** What every rendered object and every pod must be, in every case. */
import * as admission from "kubernetes-models/admissionregistration.k8s.io/v1";
import * as apps from "kubernetes-models/apps/v1";
import * as networking from "kubernetes-models/networking.k8s.io/v1";
import * as policy from "kubernetes-models/policy/v1";
import * as rbac from "kubernetes-models/rbac.authorization.k8s.io/v1";
import * as core from "kubernetes-models/v1";
import { describe, expect, it } from "vitest";
import { findViolations } from "../../webhook/src/fixtures/pod-security.ts";
import { readChartCases } from "./golden.ts";
import { renderObjects, type RenderedObject } from "./render.ts";

const cases = await Promise.all(
  readChartCases().map(async ({ name, values }) => ({ name, values, objects: await renderObjects(values) })),
);

/** Kinds of others, whose models we have not. */
const foreign = ["cert-manager.io/v1", "monitoring.coreos.com/v1"];
const models: Readonly<Record<string, object>> = {
  v1: core,
  "apps/v1": apps,
  "networking.k8s.io/v1": networking,
  "policy/v1": policy,
  "rbac.authorization.k8s.io/v1": rbac,
  "admissionregistration.k8s.io/v1": admission,
};

interface PodTemplate {
  readonly metadata: { readonly labels: Readonly<Record<string, string>> };
  readonly spec: {
    readonly automountServiceAccountToken: boolean;
    readonly enableServiceLinks: boolean;
    readonly hostNetwork?: boolean;
    readonly topologySpreadConstraints: readonly unknown[];
    readonly volumes: readonly { readonly name: string }[];
    readonly containers: readonly Container[];
  };
}

interface Container {
  readonly name: string;
  readonly securityContext: unknown;
  readonly resources: { readonly requests?: unknown; readonly limits?: unknown };
  readonly ports: readonly { readonly containerPort: number }[];
  readonly readinessProbe: { readonly httpGet: { readonly path: string; readonly port: number } };
  readonly livenessProbe: { readonly httpGet: { readonly path: string } };
  readonly volumeMounts: readonly { readonly name: string }[];
}

const pods = cases.flatMap(({ name, objects }) =>
  objects
    .filter(({ kind }) => kind === "Deployment")
    .map((object) => ({
      name: `${object.metadata.name} of ${name}`,
      object,
      pod: (object["spec"] as { template: PodTemplate }).template,
    })),
);

function validate(object: RenderedObject): void {
  const module = models[object.apiVersion];
  // The module's members are its models, by kind.
  const Model = Object.entries(module ?? {}).find(([kind]) => kind === object.kind)?.[1] as
    (new (data: unknown) => { validate: () => void }) | undefined;
  if (Model === undefined) throw new Error(`no model of ${object.apiVersion} ${object.kind}`);
  new Model(object).validate();
}

describe("objects", () => {
  it.each(cases)("of case $name are what Kubernetes takes", ({ objects }) => {
    for (const object of objects.filter(({ apiVersion }) => !foreign.includes(apiVersion)))
      expect(() => validate(object), `${object.kind} ${object.metadata.name}`).not.toThrow();
  });

  it("are checked by models that refuse what Kubernetes refuses", () => {
    const spec = { selector: {}, template: { spec: { containers: [{ name: "a", ports: [{ containerPort: "x" }] }] } } };
    expect(() => validate({ apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "a" }, spec })).toThrow();
  });

  it.each(cases)("of case $name say what they are part of", ({ objects }) => {
    for (const { kind, metadata } of objects.filter((object) => !object.metadata.name.endsWith("-more")))
      expect(metadata.labels, `${kind} ${metadata.name}`).toMatchObject({
        "app.kubernetes.io/name": "outrigger",
        "app.kubernetes.io/instance": "outrigger",
        "app.kubernetes.io/component": expect.stringMatching(
          /^(webhook|aggregator|operator|admission|metrics|check)$/,
        ) as unknown,
        "app.kubernetes.io/version": "0.3.0",
        "app.kubernetes.io/part-of": "outrigger",
        "app.kubernetes.io/managed-by": "Helm",
        "helm.sh/chart": "outrigger-0.3.0",
      });
  });
});

describe("pods", () => {
  it.each(pods.filter(({ pod }) => pod.spec.hostNetwork !== true))("$name are restricted", ({ pod }) => {
    expect(findViolations(pod)).toEqual([]);
  });

  it.each(pods)("$name write nowhere, and get a token only where they use the API", ({ object, pod }) => {
    const { automountServiceAccountToken, enableServiceLinks, containers, volumes } = pod.spec;
    const [container] = containers;
    expect({ automountServiceAccountToken, enableServiceLinks }).toEqual({
      automountServiceAccountToken: false,
      enableServiceLinks: false,
    });
    expect(container?.securityContext).toMatchObject({ readOnlyRootFilesystem: true });
    expect(volumes.some(({ name }) => name === "kube-api-access")).toBe(JSON.stringify(object).includes("in-cluster"));
  });

  it.each(pods)("$name are probed on their own port, sized, and spread", ({ pod }) => {
    const [container] = pod.spec.containers;
    const { path, port } = container!.readinessProbe.httpGet;
    expect(path).toBe("/readyz");
    expect(container!.livenessProbe.httpGet.path).toBe("/livez");
    expect(container!.ports.map(({ containerPort }) => containerPort)).toContain(port);
    expect(container!.resources).toMatchObject({
      requests: { cpu: expect.anything() as unknown },
      limits: { memory: expect.anything() as unknown },
    });
    expect(pod.spec.topologySpreadConstraints).toHaveLength(2);
  });

  it.each(pods)("$name mount what they have, and have what they mount", ({ pod }) => {
    const mounted = pod.spec.containers.flatMap(({ volumeMounts }) => volumeMounts.map(({ name }) => name));
    expect([...new Set(mounted)].sort()).toEqual(pod.spec.volumes.map(({ name }) => name).sort());
  });
});
