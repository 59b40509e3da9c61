/**
 * What is planned for a pod, as a real API server and kubelet take it: sidecars as plain containers with additions of the installation,
 * classes of service, and namespaces that bound what a container may ask for, each with the annotation that mends it.
 */
import { sidecarName } from "@outrigger/api/containers";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { waitFor } from "../../../fixtures/wait-for.ts";
import { classes, fillIn, findClass } from "../../../../webhook/src/fixtures/kube-resources.ts";
import { anyPodOfResources, toSpec } from "../../../../webhook/src/fixtures/resource-pods.ts";
import { validPod } from "../../../../webhook/src/fixtures/valid-pods.ts";
import { applyPatch } from "../../../../webhook/src/fixtures/apply.ts";
import { defaultConfig } from "../../../../webhook/src/inject/config.ts";
import { injectManifest } from "../../../../webhook/src/inject/manifest.ts";
import { single } from "../../product/install.ts";
import { httpServer, jobOf, optedIn, podOf, serverPort, stdioServer } from "../../product/workloads.ts";
import { hasCluster } from "../cluster.ts";
import { createAdmissionClient, type Pod } from "./admission-client.ts";
import { reaches, useProduct } from "./product.ts";

const template = {
  container: {
    env: [
      { name: "REGION", value: "north" },
      { name: "NODE", valueFrom: { fieldRef: { fieldPath: "spec.nodeName" } } },
    ],
    resources: { limits: { "ephemeral-storage": "64Mi" }, requests: { "ephemeral-storage": "8Mi" } },
    volumeMounts: [{ name: "outrigger-ca", mountPath: "/etc/ssl/corp", readOnly: true }],
  },
  volumes: [{ name: "outrigger-ca", configMap: { name: "corp-ca", optional: true } }],
  annotations: { "example.com/scrape": "false" },
  labels: { "example.com/zone": "blue" },
};

type Stored = Omit<Pod, "spec" | "status"> & {
  readonly spec: Pod["spec"] & {
    readonly containers: readonly { readonly name: string; readonly env?: readonly { readonly name: string }[] }[];
  };
  readonly status: {
    readonly podIP?: string;
    readonly qosClass?: string;
    readonly containerStatuses?: readonly {
      readonly name: string;
      readonly restartCount: number;
      readonly state: { readonly running?: { readonly startedAt: string } };
    }[];
  };
};

const randomPods = 60;
const guaranteed = { limits: { cpu: "50m", memory: "64Mi" } };
const pages = { "hugepages-2Mi": "4Mi" };
const anywhere = { labels: {}, annotations: {} };

describe.skipIf(!hasCluster())("a plan", () => {
  const product = useProduct(
    ...single,
    'networkPolicies.sidecarClients=[{"ipBlock":{"cidr":"0.0.0.0/0"}}]',
    "injection.sidecarKind=container",
    `injection.sidecarTemplate=${JSON.stringify(template)}`,
  );
  const client = createAdmissionClient(product);
  afterAll(() => client.clean());

  /** A pod of a server, with what its container and the pod itself say about resources. */
  const podWith = (resources: object, own?: object, annotations: Readonly<Record<string, string>> = {}): object => {
    const pod = podOf(
      httpServer("bounded", { image: product.image, labels: optedIn, annotations, container: { resources } }),
    );
    return own === undefined ? pod : { ...pod, spec: { ...(pod["spec"] as object), resources: own } };
  };
  const stored = async (pod: unknown, place = anywhere): Promise<Stored> => {
    const { pod: taken, refusal } = await client.send(pod, place);
    if (taken === undefined) throw new Error(refusal);
    return taken as unknown as Stored;
  };

  describe("with the sidecar as a plain container", () => {
    const namesOf = ({ spec }: Stored): readonly string[] => spec.containers.map(({ name }) => name);
    let tools = "";
    beforeAll(async () => {
      tools = await product.makeNamespace();
      await product.create(httpServer("http", { image: product.image, labels: optedIn }), tools);
      await product.create(stdioServer("stdio", { image: product.image, labels: optedIn }), tools);
    });

    it.each(["http", "stdio"])("runs it first, and the server of %s after it", async (app) => {
      const pod = (await product.readyPod(tools, app)) as unknown as Stored;
      expect(namesOf(pod)).toEqual([sidecarName, "app"]);
      expect(pod.spec.initContainers?.map(({ name }) => name) ?? []).not.toContain(sidecarName);
      const started = (name: string): number =>
        Date.parse(pod.status.containerStatuses?.find((each) => each.name === name)?.state.running?.startedAt ?? "");
      expect(started("app")).toBeGreaterThanOrEqual(started(sidecarName));
      expect(pod.status.containerStatuses?.map(({ restartCount }) => restartCount)).toEqual([0, 0]);
      expect(await reaches(pod.status.podIP, 19_080)).toBe(true);
    });

    it("adds what the installation adds, to the sidecar and to the pod", async () => {
      const pod = (await product.readyPod(tools, "http")) as unknown as Stored;
      expect(pod.metadata.labels).toMatchObject(template.labels);
      expect(pod.metadata.annotations).toMatchObject(template.annotations);
      const [sidecar] = pod.spec.containers;
      expect(sidecar?.env?.map(({ name }) => name)).toEqual(expect.arrayContaining(["REGION", "NODE"]));
      expect(sidecar).toMatchObject({ resources: { limits: { "ephemeral-storage": "64Mi", memory: "160Mi" } } });
    });

    it("ends a pod without a hook that nobody answers", async () => {
      const { metadata } = await product.readyPod(tools, "http");
      const path = `/api/v1/namespaces/${tools}/pods/${metadata.name}`;
      await product.remove(path);
      await waitFor(
        "the pod to be gone",
        () =>
          product.get(path).then(
            () => false,
            () => true,
          ),
        60_000,
      );
      const events = `/api/v1/namespaces/${tools}/events?fieldSelector=reason%3DFailedPreStopHook`;
      expect((await product.get<{ items: readonly unknown[] }>(events)).items).toEqual([]);
    });

    it("refuses the pod of a Job, which would never end", async () => {
      const { spec } = jobOf("once", { image: product.image, labels: optedIn }, ["true"]) as unknown as {
        readonly spec: { readonly template: { readonly metadata: object; readonly spec: object } };
      };
      const pod = { ...spec.template, metadata: { ...spec.template.metadata, name: "once" } };
      const { refusal } = await client.send(pod, anywhere);
      expect(refusal).toContain("needs a native sidecar");
      expect(refusal).toContain("[NativeSidecarNeeded]");
    });

    it("makes one of a native sidecar, and of that the same again", async () => {
      const pod = podOf(httpServer("native", { image: product.image, labels: optedIn }));
      const [result] = injectManifest(pod, {
        namespace: tools,
        facts: { labels: {}, annotations: {} },
        config: defaultConfig,
      });
      const native = applyPatch(pod, result?.patch ?? []);
      expect(JSON.stringify(native)).toContain('"initContainers":[{"name":"outrigger-sidecar"');
      const first = await stored(native);
      expect(namesOf(first)).toEqual([sidecarName, "app"]);
      expect(first.spec.initContainers ?? []).toEqual([]);
      const again = await stored(client.forget(first));
      expect([again.spec, again.metadata.annotations]).toEqual([first.spec, first.metadata.annotations]);
    });

    it("F-020 is taken for random pods of every mode, and left alone when they come again", async () => {
      const names = Array.from({ length: randomPods }, (_, index) => `random-${index}`);
      const pods = names.map((name, index) => fc.sample(validPod(name), { numRuns: 1, seed: index + 1 })[0]);
      const restricted = { labels: { "pod-security.kubernetes.io/enforce": "restricted" }, annotations: {} };
      const send = async (pod: unknown): Promise<readonly string[]> => {
        const first = await client.send(pod, restricted);
        if (first.pod === undefined) return [`${first.refusal ?? ""}: ${JSON.stringify(pod)}`];
        const again = await client.send(client.forget(first.pod), restricted);
        const tell = (each: Pod | undefined): string => JSON.stringify([each?.spec, each?.metadata.annotations]);
        return tell(again.pod) === tell(first.pod)
          ? []
          : [`${tell(first.pod)} became ${again.refusal ?? tell(again.pod)}`];
      };
      const failures = await client.inRows(pods, send);
      expect(failures.flat()).toEqual([]);
    });
  });

  describe("F-042 keeps the class of service", () => {
    const none = Object.fromEntries(
      ["sidecar-cpu-request", "sidecar-memory-request", "sidecar-memory-limit"].map((key) => [
        `outrigger.dev/${key}`,
        "0",
      ]),
    );
    it.each<[string, string, object, object | undefined, Readonly<Record<string, string>>]>([
      ["Guaranteed", "containers", guaranteed, undefined, {}],
      ["Burstable", "containers", { requests: { cpu: "10m" } }, undefined, {}],
      ["BestEffort", "containers, where nothing is asked for the sidecar", {}, undefined, none],
      [
        "Guaranteed",
        "the pod",
        {},
        { limits: { cpu: "300m", memory: "512Mi" }, requests: { cpu: "300m", memory: "512Mi" } },
        {},
      ],
      [
        "Guaranteed",
        "the pod, full",
        guaranteed,
        { limits: { cpu: "50m", memory: "64Mi" }, requests: { cpu: "50m", memory: "64Mi" } },
        {},
      ],
      [
        "Burstable",
        "the pod's limits alone",
        { requests: { cpu: "10m", memory: "32Mi" } },
        { limits: { memory: "512Mi" } },
        {},
      ],
      ["Guaranteed", "the pod's limits alone, of which nobody asks for less", {}, guaranteed, {}],
      ["Guaranteed", "containers with huge pages", { limits: { ...guaranteed.limits, ...pages } }, undefined, {}],
      [
        "Guaranteed",
        "the pod, huge pages included",
        { limits: { ...guaranteed.limits, ...pages } },
        { limits: { cpu: "200m", memory: "256Mi", ...pages }, requests: { cpu: "200m", memory: "256Mi", ...pages } },
        {},
      ],
      ["Burstable", "huge pages alone of the pod", guaranteed, { limits: pages }, {}],
      ["BestEffort", "containers with devices", { limits: { "example.com/gpu": 1 } }, undefined, none],
    ])("%s by %s", async (qosClass, _by, resources, own, annotations) => {
      const before = client.unlabel(podWith(resources, own, annotations));
      expect((await stored(before)).status.qosClass).toBe(qosClass);
      const after = await stored(podWith(resources, own, annotations));
      expect(after.metadata.labels).toHaveProperty("outrigger.dev/injected");
      expect(after.status.qosClass).toBe(qosClass);
    });

    it("Guaranteed by containers, where a cluster does not read what the pod says as a whole", async () => {
      const { spec, metadata } = await stored(
        podWith(guaranteed, { limits: { cpu: "1", memory: "1Gi" }, requests: { cpu: "1", memory: "1Gi" } }),
      );
      const dropped = { ...spec, resources: undefined };
      const unread = await stored(client.unlabel({ metadata: { name: metadata.name }, spec: dropped }));
      expect(unread.spec.containers.map(({ name }) => name)).toContain(sidecarName);
      expect(unread.status.qosClass).toBe("Guaranteed");
    });

    it("as it was or higher, of random pods by containers and as a whole, with huge pages and devices", async () => {
      const place = { labels: { "pod-security.kubernetes.io/enforce": "privileged" }, annotations: {} };
      const pods = fc.sample(anyPodOfResources, { numRuns: randomPods, seed: 1 });
      const failures = await client.inRows(pods, async (each) => {
        const pod = {
          metadata: { name: "random", labels: optedIn, annotations: { "outrigger.dev/container": "app" } },
          spec: toSpec(each),
        };
        const [before, after] = [await client.send(client.unlabel(pod), place), await client.send(pod, place)];
        const [was, is] = [before, after].map(
          ({ pod: taken }) => (taken as unknown as Stored | undefined)?.status.qosClass,
        );
        const rank = (name: string | undefined): number => classes.findIndex((one) => one === name);
        const isKept = was === findClass(fillIn(each)) && rank(is) >= rank(was);
        return isKept
          ? []
          : [`${JSON.stringify(pod.spec)}: ${was ?? before.refusal ?? ""}, then ${is ?? after.refusal ?? ""}`];
      });
      expect(failures.flat()).toEqual([]);
    });
  });

  describe("in a namespace that bounds containers", () => {
    const limit = (item: object): object => ({
      kind: "LimitRange",
      spec: { limits: [{ type: "Container", ...item }] },
    });
    const quota = (hard: object): object => ({ kind: "ResourceQuota", spec: { hard } });
    const own = { requests: { cpu: "10m", memory: "110Mi" }, limits: { cpu: "20m", memory: "120Mi" } };

    it.each<[string, object, RegExp, Readonly<Record<string, string>>]>([
      [
        "a largest limit",
        limit({ max: { memory: "128Mi" } }),
        /maximum memory usage per Container/,
        { "memory-limit": "128Mi" },
      ],
      [
        "a smallest request",
        limit({ min: { memory: "100Mi" } }),
        /minimum memory usage per Container/,
        { "memory-request": "100Mi" },
      ],
      [
        "a largest ratio",
        limit({ maxLimitRequestRatio: { memory: "2" } }),
        /memory max limit to request ratio/,
        { "memory-request": "80Mi" },
      ],
      [
        "a small default limit",
        limit({ default: { cpu: "20m" } }),
        /must be less than or equal to cpu limit/,
        { "cpu-request": "20m" },
      ],
      [
        "a quota on CPU limits",
        quota({ "limits.cpu": "1" }),
        /must specify limits.cpu for: outrigger-sidecar/,
        { "cpu-limit": "200m" },
      ],
    ])("is refused under %s, and mended by an annotation", async (name, bound, expected, mending) => {
      const place = { labels: { bound: name.replaceAll(" ", "-") }, annotations: {} };
      const { metadata } = await stored(podWith(own), place);
      const namespace = (metadata as { readonly namespace?: string }).namespace ?? "";
      await product.create(
        { apiVersion: "v1", ...bound, metadata: { name: "bound" } } as Parameters<typeof product.create>[0],
        namespace,
      );
      // Quotas count once their controller has seen them.
      await waitFor("the bound to hold", async () =>
        expected.test((await client.send(podWith(own), place)).refusal ?? ""),
      );
      const annotations = Object.fromEntries(
        Object.entries(mending).map(([key, value]) => [`outrigger.dev/sidecar-${key}`, value]),
      );
      expect(await stored(podWith(own, undefined, annotations), place)).toBeDefined();
    });
  });

  it("takes what a namespace gives every container by default, huge pages and devices included, and keeps the class", async () => {
    const place = { labels: { bound: "by-default" }, annotations: {} };
    const { metadata } = await stored(podWith(guaranteed), place);
    const bound = {
      apiVersion: "v1",
      kind: "LimitRange",
      metadata: { name: "bound" },
      spec: {
        limits: [{ type: "Container", default: { cpu: "200m", memory: "256Mi", ...pages, "example.com/gpu": "1" } }],
      },
    };
    const namespace = (metadata as { readonly namespace?: string }).namespace ?? "";
    await product.create(bound, namespace);
    const send = (): Promise<Stored> => stored(podWith({}), place);
    await waitFor("the bound to hold", async () =>
      JSON.stringify((await send()).spec.containers).includes("hugepages-2Mi"),
    );
    const first = await send();
    expect(first.status.qosClass).toBe("Guaranteed");
    const again = await stored(client.forget(first), place);
    expect([again.spec, again.metadata.annotations]).toEqual([first.spec, first.metadata.annotations]);
    const sidecar = first.spec.containers.find(({ name }) => name === sidecarName);
    expect(sidecar).toMatchObject({ resources: { limits: { cpu: "100m", memory: "160Mi", ...pages } } });
  });

  it("F-034 finds the server's port in its container", async () => {
    const pod = await stored(podOf(httpServer("found", { image: product.image, labels: optedIn })));
    expect(JSON.parse(pod.metadata.annotations?.["outrigger.dev/status"] ?? "")).toMatchObject({ port: serverPort });
  });
});
