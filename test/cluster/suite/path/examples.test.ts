/**
 * The examples as a reader follows them: each page's manifest, its commands, what they print, and what its prompts lead to. A real
 * client of the SDK makes the same calls. Their images are made here from the packages that the real ones are made from.
 */
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { modernRequest, postRaw, textOf } from "../../../fixtures/mcp-clients.ts";
import { nameFileFolder } from "../../../fixtures/temporary-folder.ts";
import { waitFor } from "../../../fixtures/wait-for.ts";
import { followPage } from "../../../integration/pages/follow.ts";
import type { Reader } from "../../../integration/pages/reader.ts";
import { askCluster } from "../../ask-cluster.ts";
import { createProviders, findProvider } from "../../choose-provider.ts";
import { describeStandIn } from "../../examples/github-stand-in.ts";
import { makeExampleImages } from "../../examples/images.ts";
import { release, single } from "../../product/install.ts";
import { describeOrders, makeAuthority, ordersName, urlOfOrders } from "../../examples/orders-elsewhere.ts";
import {
  listExamples,
  listImages,
  overview,
  readCalls,
  readCommands,
  readPage,
  readPrompts,
  type ExamplePage,
} from "../../examples/pages.ts";
import { createClusterReader, tokenOfReader } from "../../examples/reader.ts";
import type { Image } from "../../image/image.ts";
import { hasCluster } from "../cluster.ts";
import { evict } from "./eviction.ts";
import { useProduct, type PodFacts } from "./product.ts";
import { listRights, logInAs } from "./service-account.ts";
import { underLoad } from "./steady-load.ts";
import { createUser } from "./user.ts";
import { isInjected } from "./webhook-away.ts";

/** The namespace that most pages name, and those that pages make themselves. */
const namespace = "tools";
const workshop = "workshop";
const vessel = "vessel";
const vendors = "vendors";
const namespaces = [namespace, workshop, vessel, vendors];
const examples = listExamples();
/** The others run servers of these again: what their prompts would lead to stands on those pages. */
const hasPrompts = ({ name }: ExamplePage): boolean => !["groups", "namespace", "sleeping", "sources"].includes(name);
const prompts = examples.flatMap(({ name, page }) => readPrompts(page).map((row) => ({ name, ...row })));

it("has examples, each with prompts, a refused call and few commands", () => {
  const ofServers = ["everything", "fetch", "filesystem", "github", "sqlite"];
  const names = [...ofServers, "groups", "namespace", "remote", "replicas", "sleeping", "sources"];
  expect(examples.map(({ name }) => name)).toEqual(names.toSorted());
  for (const example of examples) {
    const { name, page } = example;
    expect(readCommands(page).length, page).toBeLessThanOrEqual(ofServers.includes(name) ? 3 : 8);
    expect(readPrompts(page).length > 0, page).toBe(hasPrompts(example));
    expect(readCalls(page).filter((call) => isRefused(call) && !isNoGroup(call)).length, page).toBe(1);
    expect(readPage(overview)).toContain(page.replace("docs/examples/", ""));
  }
});

it("sources names the sidecar of this release", () => {
  const { version } = JSON.parse(readPage("sidecar/package.json")) as { readonly version: string };
  expect(listImages()).toContain(`registry.example.com/outrigger/outrigger-sidecar:${version}`);
});

describe.skipIf(!hasCluster())("the examples", () => {
  const cluster = inject("cluster");
  const folder = nameFileFolder("examples");
  const images = Promise.withResolvers<readonly string[]>();
  const authority = makeAuthority();
  const remoteToken = `token-${randomUUID()}`;
  let elsewhere = "";

  beforeAll(() => {
    // The product is installed meanwhile; where that fails, nobody waits for these.
    images.promise.catch(() => undefined);
    const makeAll = async (): Promise<readonly Image[]> =>
      makeExampleImages({ names: listImages(), folder, authorityPem: (await authority).certificatePem });
    makeAll().then((made) => images.resolve(made.map(({ file }) => file)), images.reject);
  });
  const product = useProduct(...single);
  const user = createUser(product.aggregator);

  beforeAll(async () => {
    if (!cluster.ok) return;
    const files = await images.promise;
    await findProvider(createProviders(process.env), cluster.provider).loadImages(files);
    // They are deleted after the tests: somebody else's must not be.
    for (const name of namespaces) await waitFor(`no namespace ${name}`, async () => !(await isThere(name)), 60_000);
    elsewhere = await product.makeNamespace();
    const orders = { authority: await authority, namespace: elsewhere, image: product.image, token: remoteToken };
    for (const manifest of await describeOrders(orders)) await product.create(manifest, elsewhere);
    await product.readyPod(elsewhere, ordersName);
  }, 900_000);

  afterAll(async () => {
    for (const name of namespaces) if (await isThere(name)) await product.remove(`/api/v1/namespaces/${name}`);
  });

  async function isThere(name: string): Promise<boolean> {
    return askCluster(product.kubeconfig, `/api/v1/namespaces/${name}`).then(
      () => true,
      (error: unknown) => {
        if (/404|not ?found/i.test(String(error))) return false;
        throw error;
      },
    );
  }

  /** A terminal of the reader beside the one that forwards the port. */
  async function openTerminal(): Promise<Reader> {
    if (!cluster.ok) throw new Error("the tests of a missing cluster are skipped");
    const remote = { REMOTE_URL: urlOfOrders(elsewhere), REMOTE_TOKEN: remoteToken };
    return createClusterReader(cluster, { GITHUB_TOKEN: tokenOfReader, ...remote });
  }

  it("begin with what their overview says", async () => {
    expect(await followPage(overview, readPage(overview), await openTerminal())).toBe(2);
  });

  describe.each(examples)("$name", ({ page }) => {
    it("F-193 does on a cluster what its page says", { timeout: 240_000 }, async () => {
      const reader = await openTerminal();
      await forwardPort(reader);
      expect(await followPage(page, readPage(page), reader)).toBe(readCommands(page).length);
    });

    it("answers a client of the SDK as the page says, and refuses it what the annotations forbid", async () => {
      for (const call of readCalls(page)) {
        if (isNoGroup(call)) {
          const url = `${await product.aggregator()}${call.path}`;
          const answer = await postRaw(url, ...modernRequest("tools/list", {}));
          expect([answer.status, answer.text]).toEqual([404, expect.stringContaining("There is no group")]);
          continue;
        }
        if (!isRefused(call)) await user.untilListed(call.namespace, call.server);
        const answer = await user.call(call.tool, call.values, call.path);
        expect(answer.isError === true, call.tool).toBe(isRefused(call));
        if (!isRefused(call)) expect(textOf(answer).trim()).toBe(call.output.trim());
      }
    });
  });

  it.each(prompts)("$prompt leads a model to $tool", async ({ name, wanted, tool }) => {
    await user.untilListed(namespace, name);
    const client = await user.connect();
    const found = await client.callTool({ name: "find_tool", arguments: { description: wanted } });
    expect((found.structuredContent as { tools: readonly { name: string }[] }).tools[0]?.name).toBe(tool);
  });

  it("fetch reaches the site of its example and no other Service", async () => {
    const url = (await product.aggregator()) + "/api/v1/servers";
    const answer = await user.call(`${namespace}__fetch__fetch`, { url });
    expect(textOf(answer)).toContain("connection issue");
  });

  it("github's token goes from its Secret to GitHub, and stands in no pod", { timeout: 240_000 }, async () => {
    const [pod] = await product.pods(namespace, "github");
    expect(JSON.stringify(pod)).not.toContain(tokenOfReader);
    expect(JSON.stringify(pod?.spec).match(/"secretKeyRef"/g)).toHaveLength(1);
    const standIn = "github-stand-in";
    for (const manifest of describeStandIn(standIn, product.image)) await product.create(manifest, namespace);
    await product.readyPod(namespace, standIn);
    const reader = await openTerminal();
    const github = `deployment/github --namespace ${namespace}`;
    const lines = `kubectl set env ${github} GITHUB_HOST=http://${standIn} && kubectl rollout status ${github}`;
    expect(await reader.run(lines)).toMatchObject({ code: 0 });
    const values = { method: "get", owner: "canoe", repo: "outrigger", issue_number: 7 };
    const issue = await waitFor(
      "the issue",
      async () => {
        const answer = await user.call(`${namespace}__github__issue_read`, values);
        if (answer.isError === true) throw new Error(textOf(answer));
        return textOf(answer);
      },
      120_000,
    );
    expect(issue).toContain("The hull needs paint");
  });

  it("groups: each endpoint lists and finds its own servers alone, and the one of all lists every server", async () => {
    const listAt = async (path: string): Promise<readonly string[]> => {
      const client = await user.connect("v2", path);
      const listed = await client.callTool({ name: "list_servers", arguments: {} });
      const { servers } = listed.structuredContent as { servers: readonly { namespace: string; name: string }[] };
      const found = await client.callTool({ name: "find_tool", arguments: { description: "sum of two numbers" } });
      const { tools } = found.structuredContent as { tools: readonly { name: string }[] };
      const names = servers.map((server) => `${server.namespace}__${server.name}`);
      for (const { name } of tools) expect(names).toContain(name.split("__", 2).join("__"));
      return names.filter((name) => path !== "/mcp" || name.startsWith(`${vessel}__`)).toSorted();
    };
    expect(await listAt("/mcp/g/bridge")).toEqual([`${vessel}__signals`, `${vessel}__weather`]);
    expect(await listAt("/mcp/g/crew")).toEqual([`${vessel}__ledger`]);
    expect(await listAt("/mcp")).toEqual(["ledger", "signals", "weather"].map((name) => `${vessel}__${name}`));
  });

  it("sources: the aggregator that runs takes in what is added to the list, gives up what is taken out, and needs no more rights", async () => {
    const podsOfAggregator = async (): Promise<readonly string[]> => {
      const query = `labelSelector=${encodeURIComponent("app.kubernetes.io/component=aggregator")}`;
      const path = `/api/v1/namespaces/${release.namespace}/pods?${query}`;
      const { items } = await product.get<{ items: readonly PodFacts[] }>(path);
      return items
        .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
        .map(({ metadata }) => metadata.uid);
    };
    const before = await podsOfAggregator();
    const base = await product.aggregator();
    const readFaults = async (): Promise<string> => {
      const response = await fetch(`${base}/api/v1/summary`);
      return ((await response.json()) as { faults: readonly string[] }).faults.join();
    };
    expect(await readFaults()).toContain("ConfigMap vendors/servers: not JSON");
    const write = async (...names: readonly string[]): Promise<void> => {
      const url = "http://orders.vendors.svc:19080/mcp";
      const entry = { url, outrigger: { control: "http://orders.vendors.svc:19081" } };
      const mcpServers = Object.fromEntries(names.map((name) => [name, entry]));
      const data = { "servers.json": JSON.stringify({ mcpServers }) };
      await product.patch(`/api/v1/namespaces/${vendors}/configmaps/servers`, { data });
    };
    await write("orders", "invoices");
    await user.untilListed(vendors, "invoices");
    expect(await readFaults()).toBe("");
    expect(textOf(await user.call(`${vendors}__invoices__get-sum`, { a: 1, b: 2 }))).toContain("3");
    await write("invoices");
    await waitFor("orders gone", async () => (await user.findServer(vendors, "orders")) === undefined);
    expect(await user.findServer(vendors, "invoices")).toMatchObject({ state: "Ready" });
    expect(await podsOfAggregator()).toEqual(before);
    const own = await logInAs(product.kubeconfig, "outrigger-aggregator", folder);
    const list = [`list configmaps [servers]`, `watch configmaps [servers]`];
    expect(await listRights(own, vendors)).toEqual([...list, "list pods", "watch pods"].toSorted());
  });

  it("namespace takes in servers as they were, and leaves out the one that says so", async () => {
    for (const server of ["reference", "canary"]) {
      const path = `/apis/apps/v1/namespaces/${workshop}/deployments/${server}`;
      const { spec } = await product.get<{ spec: { template: object } }>(path);
      expect(JSON.stringify(spec.template)).not.toContain("outrigger.dev");
      expect(isInjected(await product.readyPod(workshop, server))).toBe(true);
    }
    expect(isInjected(await product.readyPod(workshop, "staging"))).toBe(false);
    expect(await user.findServer(workshop, "staging")).toBeUndefined();
  });

  it("remote's token comes to its client alone; with a wrong one the new pod says why it does not serve, and the old one does", async () => {
    const [pod] = await product.pods(namespace, "remote");
    expect(JSON.stringify(pod)).not.toContain(remoteToken);
    expect(JSON.stringify(pod?.spec.initContainers)).not.toMatch(/\/remote|REMOTE_URL/);
    const track = (order: string): Promise<string> =>
      user.call(`${namespace}__remote__track_order`, { order }).then((answer) => textOf(answer));
    // A session has its client from its start on: what the kubelet writes into the old pod's file later is for new ones.
    expect(await track("7")).toBe("Order 7 left the warehouse.");
    const stringData = { headers: "Authorization: Bearer wrong" };
    await product.patch(`/api/v1/namespaces/${namespace}/secrets/remote`, { stringData });
    const template = { metadata: { annotations: { "example/token": "wrong" } } };
    await product.patch(`/apis/apps/v1/namespaces/${namespace}/deployments/remote`, { spec: { template } });
    const told = async (): Promise<boolean> => {
      const replicas = (await user.findServer(namespace, "remote"))?.replicas ?? [];
      return replicas.some(({ state, reason }) => state === "Dead" && reason === "ProcessExited");
    };
    await waitFor("the reason of the new pod", told, 90_000);
    expect(await track("8")).toBe("Order 8 left the warehouse.");
  });

  it("replicas: calls go on when one is evicted or killed, and the budget keeps the other from being evicted", async () => {
    const search = async (): Promise<void> => {
      const answer = await user.call(`${namespace}__replicas__search_nodes`, { query: "bow" });
      if (!textOf(answer).includes("rope")) throw new Error(JSON.stringify(answer));
    };
    const untilTwo = (without: string): Promise<readonly string[]> =>
      waitFor(
        "two replicas that serve",
        async () => {
          const names = (await product.pods(namespace, "replicas")).map(({ metadata }) => metadata.name);
          const serving = (await user.findServer(namespace, "replicas"))?.replicas.filter(
            ({ state }) => state === "Ready",
          );
          return names.length === 2 && !names.includes(without) && serving?.length === 2 && names;
        },
        90_000,
      );
    const [first = "", second = ""] = await untilTwo("none");
    await search();
    const evicted = await underLoad(search, async () => {
      await evict(product.kubeconfig, first, namespace);
      await expect(evict(product.kubeconfig, second, namespace)).rejects.toThrow(/disruption budget/);
      await untilTwo(first);
    });
    expect(evicted.failures).toEqual([]);
    const killed = await underLoad(search, async () => {
      await product.remove(`/api/v1/namespaces/${namespace}/pods/${second}?gracePeriodSeconds=0`);
      await untilTwo(second);
    });
    expect(killed.count).toBeGreaterThan(50);
    // What was under way in it ends with it.
    expect(killed.failures.length, killed.failures.join("\n")).toBeLessThanOrEqual(4);
  }, 240_000);
});

/** A call at the endpoint of a group that no server is in. */
const isNoGroup = ({ output }: { readonly output: string }): boolean => output.includes("There is no group");

const isRefused = ({ output }: { readonly output: string }): boolean => /^error: /m.test(output);

/** As the overview tells its reader to; it ends with the test. */
async function forwardPort(reader: Reader): Promise<void> {
  const forward = readCommands(overview).find(({ command }) => command.startsWith("kubectl port-forward "));
  expect(await reader.run(forward?.command ?? "")).toMatchObject({ code: 0 });
}
