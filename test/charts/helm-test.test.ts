/** The objects of `helm test`: there while it runs, restricted, and with no right but to look. */
import { aggregatorAudience } from "@outrigger/api/caller";
import { describe, expect, it } from "vitest";
import type { Values } from "../../charts/values/node.ts";
import { findViolations } from "../../webhook/src/fixtures/pod-security.ts";
import { readChartCases } from "./golden.ts";
import { findObject, renderObjects, type RenderedObject } from "./render.ts";

interface Rule {
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

interface PodSpec {
  readonly serviceAccountName: string;
  readonly automountServiceAccountToken: boolean;
  readonly imagePullSecrets?: readonly { readonly name: string }[];
  readonly restartPolicy: string;
  readonly containers: readonly [
    {
      readonly image: string;
      readonly imagePullPolicy: string;
      readonly args: readonly string[];
      readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
    },
  ];
  readonly volumes: readonly {
    readonly name: string;
    readonly projected?: { readonly sources: readonly { readonly serviceAccountToken?: object }[] };
  }[];
}

const isHook = ({ metadata }: RenderedObject): boolean => metadata.annotations?.["helm.sh/hook"] !== undefined;
const isCheck = ({ metadata }: RenderedObject): boolean => metadata.labels?.["app.kubernetes.io/component"] === "check";

const readPod = async (values?: Values): Promise<PodSpec> =>
  findObject(await renderObjects(values), "Pod", "outrigger-check")["spec"] as PodSpec;

describe("helm test", () => {
  it.each(readChartCases())(
    "leaves nothing behind in case $name: all that it needs are hooks of the test",
    async ({ values }) => {
      const objects = await renderObjects(values);
      expect(objects.filter(isHook)).toEqual(objects.filter(isCheck));
      expect(objects.filter(isCheck).length).toBeGreaterThan(0);
      for (const { metadata } of objects.filter(isHook))
        expect(metadata.annotations).toMatchObject({
          "helm.sh/hook": "test",
          "helm.sh/hook-delete-policy": "before-hook-creation,hook-succeeded",
        });
    },
  );

  it.each(readChartCases())(
    "names all that it makes like its pod in case $name, as helm test --logs needs it",
    async ({ values }) => {
      const named = new Set((await renderObjects(values)).filter(isCheck).map(({ metadata }) => metadata.name));
      expect(named.size).toBe(1);
    },
  );

  it.each(readChartCases())("has a restricted pod in case $name, made after its rights", async ({ values }) => {
    const objects = (await renderObjects(values)).filter(isCheck);
    const pod = objects.find(({ kind }) => kind === "Pod")!;
    expect(findViolations(pod)).toEqual([]);
    expect(pod["spec"]).toMatchObject({ automountServiceAccountToken: false, restartPolicy: "Never" });
    const weight = ({ metadata }: RenderedObject): number => Number(metadata.annotations?.["helm.sh/hook-weight"]);
    for (const other of objects.filter((object) => object !== pod)) expect(weight(other)).toBeLessThan(weight(pod));
  });

  it.each(readChartCases())("only looks, in case $name, and at no Secret", async ({ values }) => {
    const roles = (await renderObjects(values)).filter((object) => isCheck(object) && /Role$/.test(object.kind));
    expect(roles.length).toBeGreaterThan(0);
    for (const rule of roles.flatMap((role) => role["rules"] as readonly Rule[])) {
      // A review is created to be answered, and is not kept.
      const isReview = rule.resources.every((resource) => resource.endsWith("accessreviews"));
      expect(isReview ? ["create"] : ["list", "get"]).toContain(rule.verbs.join());
      expect(rule.resources).not.toContain("secrets");
      if (rule.verbs.includes("get")) expect(rule.resourceNames?.length).toBeGreaterThan(0);
    }
  });

  it("runs the deep check of this installation", async () => {
    const [container] = (await readPod()).containers;
    expect(container.args).toEqual(["check", "--deep", "--namespace=outrigger-system"]);
  });

  it("F-150 shows a token of its own for the aggregator where ServiceAccounts may call, and none elsewhere", async () => {
    const { volumes, containers } = await readPod({ aggregator: { auth: { methods: ["service-account"] } } });
    const [{ args, volumeMounts }] = containers;
    const file = args.find((arg) => arg.startsWith("--token-file="))?.slice("--token-file=".length) ?? "";
    const mount = volumeMounts.find(({ mountPath }) => file.startsWith(`${mountPath}/`));
    const [source] = volumes.find(({ name }) => name === mount?.name)?.projected?.sources ?? [];
    expect(source?.serviceAccountToken).toMatchObject({
      audience: aggregatorAudience,
      path: file.slice((mount?.mountPath.length ?? 0) + 1),
    });
    expect(JSON.stringify(await readPod())).not.toContain("--token-file");
  });

  it("is limited to the named namespaces where some are named, without a right in the whole cluster", async () => {
    const { values } = readChartCases().find(({ name }) => name === "namespaces")!;
    const [container] = (await readPod(values)).containers;
    expect(container.args).toContain("--namespaces=tools,search");
    const kinds = (await renderObjects(values)).filter(isCheck).map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind.startsWith("Cluster"))).toEqual([]);
  });

  it("is let in where only some clients are", async () => {
    const clients = [{ namespaceSelector: { matchLabels: { team: "platform" } } }];
    const objects = await renderObjects({ networkPolicies: { clients } });
    expect(findObject(objects, "NetworkPolicy", "outrigger-check")["spec"]).toMatchObject({
      podSelector: { matchLabels: { "app.kubernetes.io/component": "aggregator" } },
      ingress: [{ from: [{ podSelector: { matchLabels: { "app.kubernetes.io/component": "check" } } }] }],
    });
    expect((await renderObjects()).filter((object) => object.kind === "NetworkPolicy" && isCheck(object))).toEqual([]);
  });

  it("has no rights where the chart makes none", async () => {
    const objects = (await renderObjects({ rbac: { create: false } })).filter(isCheck);
    expect(objects.map(({ kind }) => kind).sort()).toEqual(["Pod", "ServiceAccount"]);
  });

  it("runs the image of the command, with what all images have in common and a block of its own", async () => {
    const plain = await readPod();
    expect(plain.containers[0]).toMatchObject({ image: "outrigger-cli:0.3.0", imagePullPolicy: "IfNotPresent" });
    const own = await readPod({
      images: { registry: "common.test", pullPolicy: "Always" },
      imagePullSecrets: [{ name: "common" }],
      check: { image: { repository: "mirror/cli", tag: "9.9.9" }, imagePullSecrets: [{ name: "own" }] },
    });
    expect(own.containers[0]).toMatchObject({ image: "common.test/mirror/cli:9.9.9", imagePullPolicy: "Always" });
    expect(own.imagePullSecrets).toEqual([{ name: "common" }, { name: "own" }]);
  });
});
