/** Two minor versions of the product on one cluster: an upgrade from the older one and the way back, under load, with running servers. */
import { sidecarPorts } from "@outrigger/api/ports";
import { beforeAll, describe, expect, it } from "vitest";
import { runCommand } from "../../../demo/stage/command.ts";
import { connectLegacy, textOf } from "../../../fixtures/mcp-clients.ts";
import { nameFileFolder } from "../../../fixtures/temporary-folder.ts";
import { waitFor } from "../../../fixtures/wait-for.ts";
import { httpServer, optedIn, stdioServer } from "../../product/workloads.ts";
import { run } from "../../run.ts";
import { release, runHelm } from "../../product/install.ts";
import { hasCluster } from "../cluster.ts";
import { findPath } from "../kubectl.ts";
import { useInstalled, type PodFacts } from "./product.ts";
import { prepareOldRelease, type OldRelease } from "./skew-release.ts";
import { underLoad } from "./steady-load.ts";
import { createUser } from "./user.ts";

interface Finding {
  readonly area: string;
  readonly level: string;
  readonly message: string;
  readonly objects?: readonly string[];
  readonly next?: string;
}

const servers = ["server", "memory"] as const;
// The test goes to sidecars directly, too. Its calls pass the aggregator's two replicas; the others are rolled out faster alone.
const chartValues = [
  'networkPolicies.sidecarClients=[{"ipBlock":{"cidr":"0.0.0.0/0"}}]',
  "webhook.replicas=1",
  "operator.replicas=1",
];
const denySum = 'policy={"defaultAction":"Allow","tools":{"deny":["get-sum"]}}';

describe.skipIf(!hasCluster() || process.arch !== "x64")("versions side by side", () => {
  const folder = nameFileFolder("skew");
  let old: OldRelease;
  const product = useInstalled(chartValues, async (kubeconfig) => {
    old = await prepareOldRelease(folder);
    await old.install(kubeconfig, chartValues);
  });
  const user = createUser(product.aggregator);
  const { image, kubeconfig } = product;
  let tools = "";
  let path = "";

  const call = async (tool: string, values: object): Promise<string> =>
    user.call(`${tools}__${tool}`, values).then(textOf);
  const sum = (): Promise<string> => call("server__get-sum", { a: 1, b: 2 });
  const isRefused = (text: string): boolean => text.startsWith("Unknown tool");
  /** What each sidecar of the HTTP server itself lets through: asked at the pod's address. */
  const askSidecars = async (): Promise<readonly (readonly boolean[])[]> => {
    const ask = async ({ status }: PodFacts): Promise<readonly boolean[]> => {
      const client = await connectLegacy(`http://${status?.podIP ?? ""}:${sidecarPorts.data}/mcp`);
      const answers = ["echo", "get-env"].map((name) =>
        client.callTool({ name, arguments: { message: "x" } }).then(
          (answer) => textOf(answer) === "Echo: x",
          () => false,
        ),
      );
      return Promise.all(answers).finally(() => client.close());
    };
    return Promise.all((await product.pods(tools, "server")).map(ask));
  };
  /** A call of each server, as they come all the time. */
  const use = async (): Promise<void> => {
    const texts = [await call("server__echo", { message: "x" }), await call("memory__read_graph", {})];
    if (texts[0] !== "Echo: x" || texts[1]?.includes("entities") !== true) throw new Error(JSON.stringify(texts));
  };
  const allPods = async (): Promise<readonly PodFacts[]> =>
    (await Promise.all(servers.map((server) => product.pods(tools, server)))).flat();
  const uidsOf = (pods: readonly PodFacts[]): readonly string[] => pods.map(({ metadata }) => metadata.uid).sort();
  const versionOf = ({ metadata }: PodFacts): string => {
    const status = JSON.parse(metadata.annotations?.["outrigger.dev/status"] ?? "{}") as { version?: string };
    return status.version ?? "none";
  };
  const versions = async (): Promise<readonly string[]> => [...new Set((await allPods()).map((pod) => versionOf(pod)))];
  const expectSamePods = async (before: readonly PodFacts[]): Promise<void> => {
    const after = await allPods();
    expect(uidsOf(after)).toEqual(uidsOf(before));
    const statuses = after.flatMap(({ status }) => [
      ...(status?.initContainerStatuses ?? []),
      ...(status?.containerStatuses ?? []),
    ]);
    expect(statuses.map(({ restartCount }) => restartCount)).toEqual(statuses.map(() => 0));
  };
  /** What check says of sidecars. */
  const check = async (): Promise<Finding> => {
    const given = ["check", "--json", "--kubeconfig", kubeconfig];
    const { out, err } = await runCommand(given, { env: { PATH: path, OUTRIGGER_ENDPOINT: "" } });
    if (out === "") throw new Error(err);
    const { findings } = JSON.parse(out) as { findings: readonly Finding[] };
    const found = findings.find(({ area }) => area === "sidecars");
    if (found === undefined) throw new Error(out);
    return found;
  };
  /** Replaces every pod by the command that check names. */
  const repair = async (command: string): Promise<void> => {
    const before = new Set(uidsOf(await allPods()));
    await run(command.split(" "), { env: { PATH: path, KUBECONFIG: kubeconfig } });
    const isReplaced = async (server: string): Promise<boolean> => {
      const { items } = await product.get<{ items: readonly PodFacts[] }>(
        `/api/v1/namespaces/${tools}/pods?labelSelector=app%3D${server}`,
      );
      return items.length === 2 && items.every(({ metadata }) => !before.has(metadata.uid));
    };
    for (const server of servers) {
      await waitFor(`the old pods of ${server} to be gone`, () => isReplaced(server), 90_000);
      await product.readyPod(tools, server);
    }
  };
  /** What holds for users whatever the mixture of versions is. */
  const expectServing = async (): Promise<void> => {
    for (const server of servers) await user.untilListed(tools, server);
    const client = await user.connect();
    const found = await client.callTool({ name: "find_tool", arguments: { description: "echo a message back" } });
    const named = (found.structuredContent as { tools: { name: string }[] }).tools.map(({ name }) => name);
    expect(named).toContain(`${tools}__server__echo`);
    expect(JSON.stringify(named)).not.toContain("get-env");
    await use();
    expect(isRefused(await call("server__get-env", {}))).toBe(true);
    expect(await askSidecars()).toEqual([
      [true, false],
      [true, false],
    ]);
  };

  beforeAll(async () => {
    path = await findPath();
    tools = await product.makeNamespace(optedIn);
    const annotations = { "outrigger.dev/deny-tools": "get-env" };
    await product.create(httpServer("server", { image, annotations, replicas: 2 }), tools);
    await product.create(stdioServer("memory", { image, replicas: 2 }), tools);
    for (const server of servers) await product.readyPod(tools, server);
    await expectServing();
  }, 300_000);

  it("F-014 an upgrade over two minor versions loses no call, and leaves pods and their older sidecars alone", async () => {
    const before = await allPods();
    expect(await versions()).toEqual([old.version]);
    const { count, failures } = await underLoad(use, async () => {
      await product.upgrade();
    });
    expect(count).toBeGreaterThan(50);
    expect(failures).toEqual([]);
    await expectSamePods(before);
    expect(await versions()).toEqual([old.version]);
  }, 300_000);

  it("F-014 older sidecars are searched, called and enforced under the newer programs, and take their policy", async () => {
    const before = await allPods();
    await expectServing();
    expect(await sum()).toContain("3");
    await product.upgrade(denySum);
    await waitFor("the policy to be enforced", async () => isRefused(await sum()), 120_000);
    await expectServing();
    await product.upgrade();
    await waitFor("the policy to be taken back", async () => (await sum()).includes("3"), 120_000);
    await expectSamePods(before);
  }, 420_000);

  it("F-014 check lists the outdated sidecars with the command that replaces them, and finds none after it", async () => {
    const outdated = await check();
    expect(outdated).toMatchObject({ level: "note", message: expect.stringContaining("4 sidecars not") as string });
    const names = (await allPods()).map((pod) => `${tools}/${pod.metadata.name}: ${old.version}, ${sidecarOf(pod)}`);
    expect(outdated.objects?.toSorted()).toEqual(names.toSorted());
    const next = outdated.next ?? "";
    expect(next).toBe(`kubectl rollout restart deployment/memory deployment/server --namespace ${tools}`);
    await repair(next);
    await expectServing();
    expect(await check()).toMatchObject({ level: "ok", message: expect.stringContaining("4 sidecars") as string });
    expect(await versions()).not.toContain(old.version);
  }, 300_000);

  it("F-014 a rollback over two minor versions loses no call, and newer sidecars go on under the older programs", async () => {
    const before = await allPods();
    const newer = await versions();
    const { count, failures } = await underLoad(use, async () => {
      await runHelm(kubeconfig, ["rollback", release.name, "1", "--wait", "--timeout", "120s"]);
    });
    expect(count).toBeGreaterThan(50);
    expect(failures).toEqual([]);
    await expectServing();
    expect(await sum()).toContain("3");
    await old.install(kubeconfig, [...chartValues, denySum]);
    await waitFor("the policy to be enforced", async () => isRefused(await sum()), 120_000);
    await expectSamePods(before);
    expect(await versions()).toEqual(newer);
    await product.create(httpServer("late", { image }), tools);
    expect(versionOf(await product.readyPod(tools, "late"))).toBe(old.version);
  }, 420_000);
});

/** The image of a pod's sidecar. */
function sidecarOf({ spec }: PodFacts): string {
  return spec.initContainers?.find(({ name }) => name === "outrigger-sidecar")?.image ?? "";
}
