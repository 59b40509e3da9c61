/** The bed itself: what every other test on a cluster takes for granted. */
import { beforeAll, describe, expect, it } from "vitest";
import { nameFileFolder } from "../../fixtures/temporary-folder.ts";
import { waitFor } from "../../fixtures/wait-for.ts";
import { bedPod, bedPort, makeBedImage } from "./bed-pod.ts";
import { hasCluster, useCluster } from "./cluster.ts";
import type { Manifest } from "./manifest.ts";

describe.skipIf(!hasCluster())("the test bed", () => {
  const folder = nameFileFolder("bed");
  const cluster = useCluster("bed");
  let serverIp = "";

  beforeAll(async () => {
    await cluster.loadImages((await makeBedImage(folder)).file);
    const [server] = await Promise.all([
      cluster.runPod(bedPod("server", "serve")),
      cluster.runPod(bedPod("friend", "sleep")),
      cluster.runPod(bedPod("stranger", "sleep")),
    ]);
    serverIp = server.status?.podIP ?? "";
  });

  const evaluate = (pod: string, script: string): ReturnType<typeof cluster.exec> =>
    cluster.exec(pod, ["node", "--input-type=module", "-e", script]);
  const reaches = async (pod: string): Promise<boolean> => {
    const script = `await fetch("http://${serverIp}:${bedPort}/from-${pod}", { signal: AbortSignal.timeout(1000) })`;
    return (await evaluate(pod, script)).exitCode === 0;
  };

  it("has a Ready node", async () => {
    const { items } = await cluster.core.listNode();
    const conditions = items.flatMap((node) => node.status?.conditions ?? []);
    expect(conditions).toContainEqual(expect.objectContaining({ type: "Ready", status: "True" }));
  });

  it("answers a pod's question for the name of a Service", async () => {
    const api = await cluster.core.readNamespacedService({ name: "kubernetes", namespace: "default" });
    const script = `import { lookup } from "node:dns/promises";
      console.log((await lookup("kubernetes.default.svc.cluster.local")).address);`;
    const { stdout } = await evaluate("friend", script);
    expect(stdout.trim()).toBe(api.spec?.clusterIP);
  });

  it("runs an image of ours as another user than root", async () => {
    const { stdout } = await evaluate("friend", "console.log(process.getuid(), process.getgid())");
    expect(stdout.trim()).toBe("65532 65532");
  });

  it("runs an image of ours on a root file system that can't be written", async () => {
    const { exitCode, stderr } = await evaluate("friend", `import fs from "node:fs"; fs.writeFileSync("/tmp/x", "")`);
    expect(stderr).toContain("EROFS");
    expect(exitCode).toBe(1);
  });

  it("runs an image of ours that holds no shell", async () => {
    await expect(cluster.exec("friend", ["sh", "-c", "true"])).rejects.toThrow("not found");
  });

  it("passes a command's exit code on", async () => {
    expect((await evaluate("friend", "process.exit(7)")).exitCode).toBe(7);
  });

  it("gives the log of a pod", async () => {
    expect(await cluster.readLog("server")).toContain(`listens on ${bedPort}`);
  });

  it("refuses a pod that the namespace's Pod Security standard refuses", async () => {
    await expect(cluster.runPod(bedPod("root", "sleep", { runAsUser: 0 }))).rejects.toThrow("violates PodSecurity");
  });

  it.skipIf(cluster.capabilities.podAccess === "none")("answers this machine at a pod's address", async () => {
    const response = await fetch(`http://${serverIp}:${bedPort}/from-host`);
    expect(await response.text()).toBe("bed");
  });

  it("shuts a pod's port by a NetworkPolicy, but for those whom it names, and opens it again", async () => {
    expect(await reaches("stranger")).toBe(true);
    const friends = [{ from: [{ podSelector: { matchLabels: { app: "friend" } } }], ports: [{ port: bedPort }] }];
    const policy = serverPolicy("only-friends", friends);
    await cluster.create(policy);
    await waitFor("the stranger to be shut out", async () => !(await reaches("stranger")));
    expect(await reaches("friend")).toBe(true);

    await cluster.remove(policy);
    await waitFor("the stranger to be let in", () => reaches("stranger"));
  });

  it("keeps the kubelet's probes working behind a NetworkPolicy", async () => {
    const policy = serverPolicy("nobody", []);
    await cluster.create(policy);
    await waitFor("the friend to be shut out", async () => !(await reaches("friend")));
    const countProbes = async (): Promise<number> => (await cluster.readLog("server")).split("asked for /\n").length;
    const before = await countProbes();
    await waitFor("two more probes", async () => (await countProbes()) >= before + 2);
    await cluster.remove(policy);
  });
});

function serverPolicy(name: string, ingress: readonly object[]): Manifest {
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: { name },
    spec: { podSelector: { matchLabels: { app: "server" } }, policyTypes: ["Ingress"], ingress },
  };
}
