/** An installation for some namespaces: what it may do with Roles alone, that it does the same there, and nothing elsewhere. */
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { textOf } from "../../../fixtures/mcp-clients.ts";
import { nameFileFolder } from "../../../fixtures/temporary-folder.ts";
import { waitFor } from "../../../fixtures/wait-for.ts";
import { release } from "../../product/install.ts";
import { httpServer, optedIn, podOf, serverPort } from "../../product/workloads.ts";
import { hasCluster } from "../cluster.ts";
import { untilHelmTestSucceeds } from "./helm-test.ts";
import { makeLimits } from "./limited-installation.ts";
import { reaches, useProduct } from "./product.ts";
import { listRights, logInAs } from "./service-account.ts";
import { createUser } from "./user.ts";
import { admitDry, isInjected } from "./webhook-away.ts";

interface Bindings {
  readonly items: readonly {
    readonly metadata: { readonly name: string };
    readonly subjects?: readonly { readonly name: string; readonly namespace?: string }[];
  }[];
}

interface Events {
  readonly items: readonly { readonly reason: string; readonly regarding?: { readonly kind: string } }[];
}

const suffix = randomUUID().slice(0, 8);
const [labelled, opted] = [`roles-labelled-${suffix}`, `roles-opted-${suffix}`] as const;
const accounts = ["outrigger-webhook", "outrigger-aggregator", "outrigger-operator"];
const rbac = "/apis/rbac.authorization.k8s.io/v1";
const limits = hasCluster() ? await makeLimits([labelled, opted]) : undefined;

describe.skipIf(limits === undefined)("an installation limited to two namespaces", () => {
  beforeAll(() => limits?.prepare(product.kubeconfig));
  afterAll(() => limits?.takeBack(product.kubeconfig));
  const product = useProduct(...(limits?.values ?? []));
  const folder = nameFileFolder("roles");
  const user = createUser(product.aggregator);
  const { image, kubeconfig } = product;
  const isRefused = async (tool: string): Promise<boolean> =>
    (await user.call(tool, { message: "x" })).isError === true;
  let elsewhere = "";

  beforeAll(async () => {
    elsewhere = await product.makeNamespace(optedIn);
    await product.patch(`/api/v1/namespaces/${opted}`, { metadata: { labels: optedIn } });
    await product.create(httpServer("server", { image, labels: optedIn }), labelled);
    await product.create(httpServer("server", { image }), opted);
    await product.create(httpServer("server", { image, labels: optedIn }), elsewhere);
    for (const namespace of [labelled, opted, elsewhere]) await product.readyPod(namespace, "server");
  }, 180_000);

  it("F-010 F-083 works with Roles alone: no ClusterRole, and pods in these namespaces are injected, enforced, found and called", async () => {
    const ofRelease = `labelSelector=${encodeURIComponent(`app.kubernetes.io/instance=${release.name}`)}`;
    for (const kind of ["clusterroles", "clusterrolebindings"])
      expect((await product.get<Bindings>(`${rbac}/${kind}?${ofRelease}`)).items, kind).toEqual([]);
    const { items } = await product.get<Bindings>(`${rbac}/clusterrolebindings`);
    const bound = items.filter(({ subjects = [] }) => subjects.some((each) => each.namespace === release.namespace));
    expect(bound).toEqual([]);
    for (const namespace of [labelled, opted]) {
      const pod = await product.readyPod(namespace, "server");
      expect(isInjected(pod)).toBe(true);
      await user.untilListed(namespace, "server");
      expect(textOf(await user.call(`${namespace}__server__echo`, { message: "with Roles" }))).toBe("Echo: with Roles");
      await waitFor("the app's port to be shut", async () => !(await reaches(pod.status?.podIP, serverPort)), 30_000);
    }
    await product.upgrade(`policy={"defaultAction":"Allow","tools":{"deny":["echo"]}}`);
    for (const namespace of [labelled, opted])
      await waitFor("echo to be refused", () => isRefused(`${namespace}__server__echo`), 30_000);
    await product.upgrade();
    await waitFor("echo to pass", async () => !(await isRefused(`${labelled}__server__echo`)), 30_000);
  }, 240_000);

  it("lets helm test find all well with Roles alone, and the deep check try both namespaces", async () => {
    for (const namespace of [labelled, opted]) await user.untilListed(namespace, "server");
    const tested = await untilHelmTestSucceeds(kubeconfig);
    expect(tested).toMatch(/Phase: +Succeeded/);
    for (const area of ["connection", "tools", "filters"])
      expect(tested).toMatch(new RegExp(`^ {2}✓ ok +${area} `, "m"));
  }, 180_000);

  it("gives its programs rights in these namespaces and in its own, and none in another", async () => {
    for (const account of accounts) {
      const own = await logInAs(kubeconfig, account, folder);
      expect(await listRights(own, elsewhere), account).toEqual([]);
      const rights = await listRights(own, labelled);
      expect(rights.length, account).toBeGreaterThan(0);
      expect(rights.join(), account).not.toContain("secrets");
      expect(await listRights(own, opted), account).toEqual(rights);
    }
  });

  it("F-083 touches, finds and refuses nothing in another namespace", async () => {
    const pod = await product.readyPod(elsewhere, "server");
    expect([pod.spec.initContainers, pod.metadata.annotations?.["outrigger.dev/status"]]).toEqual([
      undefined,
      undefined,
    ]);
    await user.untilListed(labelled, "server");
    expect(await user.findServer(elsewhere, "server")).toBeUndefined();
    const mistyped = { metadata: { labels: { "outrigger.dev/inject": "yes" } } };
    await product.patch(`/api/v1/namespaces/${elsewhere}`, mistyped);
    await expect(product.patch(`/api/v1/namespaces/${labelled}`, mistyped)).rejects.toThrow("InvalidInjectValue");
  });

  it("narrows new pods by the annotations of their namespace, and measures the way round", async () => {
    await product.patch(`/api/v1/namespaces/${labelled}`, {
      metadata: { annotations: { "outrigger.dev/deny-tools": "get-sum" } },
    });
    const pod = podOf(httpServer("narrowed", { image, labels: optedIn }));
    await waitFor("the annotation to be known", async () =>
      JSON.stringify(await admitDry(kubeconfig, labelled, pod)).includes("get-sum"),
    );
    await product.create(pod, labelled);
    await product.readyPod(labelled, "narrowed");
    await user.untilListed(labelled, "narrowed");
    expect(await isRefused(`${labelled}__narrowed__echo`)).toBe(false);
    expect((await user.call(`${labelled}__narrowed__get-sum`, { a: 1, b: 2 })).isError).toBe(true);
    const enforced = await waitFor(
      "the measurement",
      async () => {
        const measured = (await user.findServer(labelled, "server"))?.replicas[0]?.enforced;
        return measured?.status === "True" ? measured : undefined;
      },
      60_000,
    );
    expect(enforced.reason).toBe("PolicyEnforced");
    const { items } = await product.get<Events>(`/apis/events.k8s.io/v1/namespaces/${opted}/events`);
    expect(items).toContainEqual(
      expect.objectContaining({
        reason: "Injected",
        regarding: expect.objectContaining({ kind: "Deployment" }) as unknown,
      }),
    );
  }, 180_000);
});
