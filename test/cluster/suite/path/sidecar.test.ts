/**
 * The injected sidecar on a real cluster, part by part: policy on every method, limits, where policy comes from, health, and stdio. What
 * it does in each case is tried beside its sources; here its settings come from manifests, its policy from the chart, and its pod from a
 * kubelet.
 */
import { sidecarPorts } from "@outrigger/api/ports";
import { beforeAll, describe, expect, inject, it } from "vitest";
import { connectLegacy, postRaw, textOf } from "../../../fixtures/mcp-clients.ts";
import { makeTestFolder } from "../../../fixtures/temporary-folder.ts";
import { waitFor } from "../../../fixtures/wait-for.ts";
import { sendToCluster } from "../../ask-cluster.ts";
import { release, single } from "../../product/install.ts";
import { hastyStdioServer, httpServer, optedIn, serverPort } from "../../product/workloads.ts";
import { hasCluster } from "../cluster.ts";
import { createInsidePod, type InsidePod, type PodPlace } from "./inside-pod.ts";
import { useProduct, type PodFacts } from "./product.ts";
import { logInAs } from "./service-account.ts";
import { createUser } from "./user.ts";

const policyKey = "outrigger.dev/policy";
const program = "/app/exits-at-once.mjs";

/** What the chart says of the servers, each in a document of its own. */
const policies = {
  notes: {
    tools: { deny: ["drop_*"] },
    prompts: { deny: ["secret"] },
    resources: { deny: ["note://secret/*"] },
    rules: [{ name: "shared", action: "Deny", tools: ["write_note"], when: '!args.path.startsWith("/shared/")' }],
    results: { redact: ["/author/email"] },
    pins: { mode: "Enforce" },
  },
  reader: { access: "ReadOnly" },
  limited: {
    limits: [
      { name: "few", rate: "2/m", tools: ["read_note"] },
      { name: "alone", maxConcurrency: 1, tools: ["slow"] },
    ],
    sizes: { maxRequestBytes: "4Ki", maxResponseBytes: "8Ki" },
  },
} as const;

interface ReadyLine {
  readonly name: string;
  readonly message: string;
}

/** Of a request that is refused the sentence; undefined where it is not. */
const refusal = (asked: Promise<unknown>): Promise<string | undefined> =>
  asked.then(
    (answer) => ((answer as { isError?: boolean }).isError === true ? textOf(answer) : undefined),
    (error: unknown) => String(error),
  );

/** How often each container was started anew, by its name. */
const restartsOf = ({ status = {} }: PodFacts): Readonly<Record<string, number>> => {
  const all = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])];
  return Object.fromEntries(all.map(({ name, restartCount }) => [name, restartCount]));
};

describe.skipIf(!hasCluster())("the injected sidecar", () => {
  // The test is its client.
  const product = useProduct(...single, 'networkPolicies.sidecarClients=[{"ipBlock":{"cidr":"0.0.0.0/0"}}]');
  const user = createUser(product.aggregator);
  const { image, kubeconfig } = product;
  const cluster = inject("cluster");
  let inside: InsidePod;
  let tools = "";
  let before = "";

  const podOf = (server: string): Promise<PodFacts> => product.readyPod(tools, server);
  const placeOf = async (server: string): Promise<PodPlace> => {
    const { metadata, status } = await podOf(server);
    return { namespace: tools, pod: metadata.name, address: status?.podIP ?? "" };
  };
  const urlOf = async (server: string): Promise<string> =>
    `http://${(await placeOf(server)).address}:${sidecarPorts.data}/mcp`;
  const connect = async (server: string): Promise<Awaited<ReturnType<typeof connectLegacy>>> =>
    connectLegacy(await urlOf(server));
  const countsOf = async (server: string): Promise<Readonly<Record<string, number>>> =>
    (await inside.order(await placeOf(server), "/counts")).counts;
  /** What a sidecar shows on its admin port, asked by the API server, which stands where the kubelet does. */
  const show = async (server: string, path: string): Promise<string> => {
    const { pod } = await placeOf(server);
    const of = `/api/v1/namespaces/${tools}/pods/${pod}:${sidecarPorts.admin}/proxy`;
    return sendToCluster(kubeconfig, { path: `${of}${path}` });
  };
  const policyLine = async (server: string): Promise<string> => {
    const { checks } = JSON.parse(await show(server, "/readyz?verbose")) as { checks: readonly ReadyLine[] };
    return checks.find(({ name }) => name === "policy")?.message ?? "";
  };
  const policyOf = async (server: string): Promise<string> =>
    (await podOf(server)).metadata.annotations?.[policyKey] ?? "";

  beforeAll(async () => {
    if (!cluster.ok) return;
    inside = createInsidePod(cluster);
    tools = await product.makeNamespace(optedIn);
    const container = { command: ["node", "/app/notes.mjs"] };
    for (const server of Object.keys(policies)) await product.create(httpServer(server, { image, container }), tools);
    const watched = {
      ...container,
      env: [
        { name: "PORT", value: String(serverPort) },
        { name: "HOST", value: "127.0.0.1" },
      ],
      readinessProbe: { httpGet: { path: "/ready", port: serverPort }, periodSeconds: 1, failureThreshold: 1 },
    };
    const annotations = {
      "outrigger.dev/port-mode": "loopback",
      "outrigger.dev/health-interval": "300ms",
      "outrigger.dev/health-timeout": "500ms",
      "outrigger.dev/health-failure-threshold": "1",
    };
    await product.create(httpServer("watched", { image, annotations, container: watched }), tools);
    await product.create(hastyStdioServer("stdio", { image }), tools);
    const servers = Object.keys(policies);
    const lines = new Map<string, string>();
    for (const server of servers) lines.set(server, await policyLine(server));
    before = await policyOf("notes");
    const documents = Object.fromEntries(Object.entries(policies).map(([name, each]) => [`${tools}/${name}`, each]));
    await product.upgrade(`policy=${JSON.stringify({ defaultAction: "Allow", servers: documents })}`);
    for (const server of servers)
      await waitFor(`the policy of ${server}`, async () => (await policyLine(server)) !== lines.get(server), 60_000);
  }, 240_000);

  it("judges every method, arguments too, redacts answers, and lets nothing that is refused reach the server", async () => {
    const client = await connect("notes");
    expect((await client.listTools()).tools.map(({ name }) => name)).not.toContain("drop_notes");
    expect((await client.listPrompts()).prompts.map(({ name }) => name)).toEqual(["summary"]);
    expect((await client.listResources()).resources.map(({ uri }) => uri)).toEqual(["note://summary/1"]);
    const write = (path: string) => client.callTool({ name: "write_note", arguments: { path } });
    const refused = [
      client.callTool({ name: "drop_notes", arguments: {} }),
      client.getPrompt({ name: "secret" }),
      client.readResource({ uri: "note://secret/1" }),
      write("/etc/passwd"),
    ];
    expect(await Promise.all(refused.map(refusal))).toEqual([
      expect.stringContaining("drop_notes"),
      expect.stringContaining("secret"),
      expect.stringContaining("note://secret/1"),
      expect.stringContaining("shared"),
    ]);
    expect(textOf(await write("/shared/todo"))).toBe("written to /shared/todo");
    const note = await client.callTool({ name: "read_note", arguments: {} });
    expect(note.structuredContent).toMatchObject({ text: "Paint the hull.", author: { name: "mate" } });
    expect(JSON.stringify(note)).not.toContain("mate@example.com");
    expect(await countsOf("notes")).toEqual({ "tools/call write_note": 1, "tools/call read_note": 1 });
    await client.close();
  });

  it("serves read-only tools alone where policy says so", async () => {
    const client = await connect("reader");
    expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(["read_note"]);
    const write = client.callTool({ name: "write_note", arguments: { path: "/shared/todo" } });
    expect(await refusal(write)).toContain("write_note");
    expect(textOf(await client.callTool({ name: "read_note", arguments: {} }))).toContain("Paint the hull.");
    expect(await countsOf("reader")).toEqual({ "tools/call read_note": 1 });
    await client.close();
  });

  it("holds a tool back whose definition changed in the running server, and tells it by metric", async () => {
    const client = await connect("notes");
    const counted = (await countsOf("notes"))["tools/call read_note"];
    await inside.order(await placeOf("notes"), "/redefine");
    expect((await client.listTools()).tools.map(({ name }) => name)).not.toContain("read_note");
    const isTold = async (): Promise<boolean> =>
      /outrigger_sidecar_unapproved_tools\{state="\w+"\} 1\n/.test(await show("notes", "/metrics"));
    // It was seen in the list that the client asked for.
    await waitFor("the change to be told", isTold);
    expect(await refusal(client.callTool({ name: "read_note", arguments: {} }))).toContain("read_note");
    expect((await countsOf("notes"))["tools/call read_note"]).toBe(counted);
    await client.close();
  });

  it("limits rate, concurrency and sizes, and says how long to wait", async () => {
    const url = await urlOf("limited");
    const call = (name: string, values: object = {}) =>
      postRaw(
        url,
        JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name, arguments: values } }),
      );
    const reads = [await call("read_note"), await call("read_note"), await call("read_note")];
    expect(reads.map(({ text }) => text.includes("RateLimited"))).toEqual([false, false, true]);
    expect(reads[2]?.headers.get("retry-after")).toMatch(/^[1-9]\d*$/);
    const slow = (await Promise.all([call("slow"), call("slow")])).map(({ text }) => text);
    expect(slow.filter((text) => text.includes("ConcurrencyLimited"))).toHaveLength(1);
    expect(slow.filter((text) => text.includes("done"))).toHaveLength(1);
    expect((await call("long_note")).text).toContain("ResponseTooLarge");
    expect((await call("write_note", { path: "x".repeat(5_000) })).text).toContain("RequestTooLarge");
    expect(await countsOf("limited")).toEqual({
      "tools/call read_note": 2,
      "tools/call slow": 1,
      "tools/call long_note": 1,
    });
  });

  it("tells of a server that exits or hangs within a second in the feed and soon in the catalogue, and the kubelet hears the truth", async () => {
    await user.untilListed(tools, "watched");
    const place = await placeOf("watched");
    const stateOf = async (): Promise<string | undefined> =>
      (await user.findServer(tools, "watched"))?.replicas[0]?.state;
    const isReady = async (): Promise<boolean> => {
      const [pod] = await product.pods(tools, "watched");
      return pod?.status?.conditions?.find(({ type }) => type === "Ready")?.status === "True";
    };
    for (const order of ["/hang", "/exit"]) {
      await waitFor("the server to be well", async () => (await stateOf()) === "Ready" && (await isReady()), 60_000);
      const [{ orderedAtMs, toldAtMs, health }, seenAtMs] = await Promise.all([
        inside.orderAndWatch(place, order),
        waitFor("the catalogue to tell", async () => (await stateOf()) !== "Ready" && Date.now(), 30_000),
        waitFor("the kubelet to know", async () => !(await isReady()), 30_000),
      ]);
      expect(health.reason).toBe("ProbeFailed");
      expect(toldAtMs - orderedAtMs, `${order} in the feed`).toBeLessThan(1_500);
      expect(seenAtMs - orderedAtMs, `${order} in the catalogue`).toBeLessThan(2_000);
    }
    await waitFor(
      "the server to be well again",
      async () => (await stateOf()) === "Ready" && (await isReady()),
      60_000,
    );
  }, 180_000);

  it("serves many clients of one stdio server at once, and leaves no process of it behind", async () => {
    const place = await placeOf("stdio");
    const own = await waitFor("the sidecar's own session", () => inside.countProcesses(place, program));
    const clients = await Promise.all(Array.from({ length: 6 }, () => connect("stdio")));
    const answers = clients.map((client) => client.callTool({ name: "slow", arguments: {} }));
    expect((await Promise.all(answers)).map(textOf)).toEqual(clients.map(() => "done"));
    expect(await inside.countProcesses(place, program)).toBe(own + clients.length);
    for (const client of clients) {
      // It was connected over this one.
      await (client.transport as unknown as { terminateSession: () => Promise<void> }).terminateSession();
      await client.close();
    }
    await waitFor("their processes to be gone", async () => (await inside.countProcesses(place, program)) === own);
  }, 120_000);

  it.skipIf(!cluster.ok || cluster.capabilities.nodeAccess !== "commands")(
    "leaves no process of a stdio server behind when it is killed itself, and serves again",
    async () => {
      const place = await placeOf("stdio");
      const { uid } = (await podOf("stdio")).metadata;
      const clients = await Promise.all(Array.from({ length: 3 }, () => connect("stdio")));
      expect(await inside.countProcesses(place, program)).toBeGreaterThanOrEqual(3);
      await inside.killSidecar(uid);
      await waitFor(
        "all processes to be gone",
        async () => (await inside.countProcesses(place, program)) === 0,
        20_000,
      );
      const again = await waitFor("the sidecar to serve again", () => connect("stdio"), 60_000);
      expect(textOf(await again.callTool({ name: "slow", arguments: {} }))).toBe("done");
      const [pod] = await product.pods(tools, "stdio");
      expect(pod === undefined ? undefined : [pod.metadata.uid, restartsOf(pod)]).toEqual([
        uid,
        { "outrigger-sidecar": 1, "outrigger-shim-install": 0, app: 0 },
      ]);
      for (const client of [...clients, again]) await client.close();
    },
    120_000,
  );

  // The last one: nobody puts back what is written here.
  it("keeps its last good policy when its annotation gets one that is forged, of another server, or older, and says which", async () => {
    const { pod } = await placeOf("notes");
    const path = `/api/v1/namespaces/${tools}/pods/${pod}`;
    const good = await policyOf("notes");
    const annotate = (as: string, text: string): Promise<string> =>
      sendToCluster(as, { method: "PATCH", path, body: { metadata: { annotations: { [policyKey]: text } } } });
    await expect(annotate(kubeconfig, before)).rejects.toThrow(/written by the operator alone/);
    // Whoever has the operator's rights may write it, but not sign.
    const operator = await logInAs(kubeconfig, "outrigger-operator", makeTestFolder("operator"));
    await product.patch(`/apis/apps/v1/namespaces/${release.namespace}/deployments/outrigger-operator`, {
      spec: { replicas: 0 },
    });
    const operators = `/api/v1/namespaces/${release.namespace}/pods?labelSelector=app.kubernetes.io%2Fcomponent%3Doperator`;
    const isAlone = async (): Promise<boolean> =>
      (await product.get<{ items: unknown[] }>(operators)).items.length === 0;
    await waitFor("the operator to be gone", isAlone, 60_000);
    const client = await connect("notes");
    const [head = "", payload = "", signature = ""] = good.split(".");
    const forged = [head, payload, (signature.startsWith("A") ? "B" : "A") + signature.slice(1)].join(".");
    const bad = [
      { text: forged, reason: "BundleSignatureInvalid", label: "bundle_signature_invalid" },
      { text: await policyOf("limited"), reason: "BundleAudienceWrong", label: "bundle_audience_wrong" },
      { text: before, reason: "BundleOutdated", label: "bundle_outdated" },
    ];
    for (const { text, reason, label } of bad) {
      await annotate(operator, text);
      await waitFor(reason, async () => (await policyLine("notes")).startsWith(reason), 90_000);
      const metrics = await show("notes", "/metrics");
      expect(metrics).toContain(`outrigger_sidecar_policy_refused_total{reason="${label}"} 1\n`);
      expect(metrics).toContain("outrigger_sidecar_policy_applied 0\n");
      expect(await refusal(client.callTool({ name: "drop_notes", arguments: {} }))).toContain("drop_notes");
      const write = await client.callTool({ name: "write_note", arguments: { path: "/shared/todo" } });
      expect(textOf(write)).toContain("written");
    }
    await annotate(operator, good);
    await waitFor("the good one", async () => (await policyLine("notes")).startsWith("PolicyApplied"), 90_000);
    await client.close();
  }, 300_000);
});
