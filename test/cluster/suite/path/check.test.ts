/** `outrigger check` on a real cluster: quiet where all is well, each thing that is made wrong is named; helm test runs it inside. */
import { beforeAll, describe, expect, it } from "vitest";
import { runCommand, type CommandResult } from "../../../demo/stage/command.ts";
import { makeTestFolder } from "../../../fixtures/temporary-folder.ts";
import { waitFor } from "../../../fixtures/wait-for.ts";
import { sendToCluster } from "../../ask-cluster.ts";
import { release, runHelm } from "../../product/install.ts";
import { httpServer, optedIn, podOf, stdioServer } from "../../product/workloads.ts";
import { hasCluster } from "../cluster.ts";
import { findPath } from "../kubectl.ts";
import { useProduct } from "./product.ts";
import { logInAs } from "./service-account.ts";
import { withoutWebhook } from "./webhook-away.ts";

interface Document {
  readonly ok: boolean;
  readonly findings: readonly {
    readonly area: string;
    readonly level: string;
    readonly message: string;
    readonly objects?: readonly string[];
    readonly next?: string;
  }[];
}

const client = ["connection", "tools", "search", "details", "filters", "policy"];

describe.skipIf(!hasCluster())("outrigger check", () => {
  const product = useProduct();
  const { image } = product;
  let tools = "";
  let path = "";

  const check = (...args: readonly string[]): Promise<CommandResult> =>
    runCommand(["check", "--kubeconfig", product.kubeconfig, ...args], { env: { PATH: path, OUTRIGGER_ENDPOINT: "" } });
  const read = async (...args: readonly string[]): Promise<Document> => {
    const { out, err } = await check("--json", ...args);
    if (out === "") throw new Error(err);
    return JSON.parse(out) as Document;
  };
  /** What is said of an area, at a level, about an object. */
  const said = ({ findings }: Document, area: string, level: string): string =>
    findings
      .filter((each) => each.area === area && each.level === level)
      .flatMap(({ message, objects = [], next = "" }) => [message, ...objects, next])
      .join("\n");
  /** Gives the document as soon as all is well; the last one stands in the error otherwise. */
  const untilWell = (...args: readonly string[]): Promise<Document> =>
    waitFor(
      "all to be well",
      async () => {
        const document = await read(...args);
        const faults = document.findings.filter(({ level }) => level !== "ok" && level !== "note");
        if (faults.length > 0) throw new Error(JSON.stringify(faults));
        return document;
      },
      90_000,
    );

  beforeAll(async () => {
    path = await findPath();
    tools = await product.makeNamespace(optedIn);
    const annotations = { "outrigger.dev/deny-tools": "echo" };
    await product.create(httpServer("search", { image, annotations }), tools);
    await product.create(stdioServer("memory", { image }), tools);
    for (const name of ["search", "memory"]) await product.readyPod(tools, name);
  }, 240_000);

  it("finds nothing wrong in an installation that is well, and exits with 0", async () => {
    await untilWell();
    const { code, out, err } = await check();
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toMatch(/^Outrigger \S+ in namespace outrigger-system, seen through https:\/\//);
    for (const area of ["Kubernetes", "nodes", "webhook", "certificate", "operator", "aggregator", "versions"])
      expect(out).toMatch(new RegExp(`^ {2}✓ ok +${area} `, "m"));
    for (const area of ["sidecars", "injection", "enforcement", "servers"])
      expect(out).toMatch(new RegExp(`^ {2}✓ ok +${area} `, "m"));
    expect(out).toMatch(/\nAll is well\.\n$/);
  });

  it("F-191 check --deep and helm test connect, list tools, read their details and try the filters", async () => {
    const document = await untilWell("--deep");
    const deep = document.findings.filter(({ area }) => client.includes(area));
    expect(deep.map(({ area, level }) => `${area} ${level}`)).toEqual(client.map((area) => `${area} ok`));
    expect(said(document, "filters", "ok")).toContain(`namespace ${tools}: `);
    expect(said(document, "filters", "ok")).toContain(`running server ${tools}/`);
    expect(said(document, "policy", "ok")).toContain(`${tools}__search__echo`);
    const tested = await runHelm(product.kubeconfig, ["test", release.name, "--logs", "--timeout", "120s"]);
    expect(tested).toMatch(/Phase: +Succeeded/);
    for (const area of client) expect(tested).toMatch(new RegExp(`^ {2}✓ ok +${area} `, "m"));
    const left = await product.get<{ items: readonly object[] }>(
      `/api/v1/namespaces/${release.namespace}/pods?labelSelector=app.kubernetes.io%2Fcomponent%3Dcheck`,
    );
    expect(left.items).toEqual([]);
  }, 240_000);

  it("takes the context that is named, as kubectl does", async () => {
    const { err, code } = await check("--context", "nobody");
    expect(code).toBe(2);
    expect(err).toContain("nobody");
  });

  it("names a pod with another sidecar than the installed one", async () => {
    await product.upgrade("sidecar.image.tag=0.0.1");
    await product.create(httpServer("aged", { image }), tools);
    // A webhook pod that was told to stop may still have answered: its word is taken back until a new one has spoken.
    const aged = await waitFor("a pod with the other sidecar", async () => {
      const pods = await product.pods(tools, "aged");
      const isOther = (pod: (typeof pods)[number]): boolean =>
        pod.spec.initContainers?.some(({ image: sidecar }) => sidecar.endsWith(":0.0.1")) === true;
      for (const pod of pods.filter((each) => !isOther(each)))
        await product.remove(`/api/v1/namespaces/${tools}/pods/${pod.metadata.name}`);
      return pods.find(isOther);
    });
    await product.upgrade();
    const document = await read();
    expect(said(document, "sidecars", "note")).toContain(`${tools}/${aged.metadata.name}: `);
    expect(said(document, "sidecars", "note")).toContain("outrigger-sidecar:0.0.1");
    await product.remove(`/apis/apps/v1/namespaces/${tools}/deployments/aged`);
  }, 240_000);

  it("names a pod that is older than its namespace's label", async () => {
    const late = await product.makeNamespace();
    await product.create(podOf(httpServer("early", { image })), late);
    await product.patch(`/api/v1/namespaces/${late}`, { metadata: { labels: optedIn } });
    const { code, out } = await check();
    expect(code).toBe(1);
    expect(out).toMatch(new RegExp(`^ {2}✗ problem +injection .*\\n +${late}/early: .*NotInjected`, "m"));
    expect(out).toContain(`kubectl rollout restart deployment --namespace ${late}`);
    await product.remove(`/api/v1/namespaces/${late}/pods/early`);
  });

  it("names a webhook that is scaled to 0, and how to bring it back; helm test fails and leaves its log", async () => {
    await withoutWebhook(product.kubeconfig, async () => {
      const document = await read();
      expect(said(document, "webhook", "problem")).toContain("deployment/outrigger-webhook is scaled to 0");
      expect(said(document, "webhook", "problem")).toContain("kubectl scale");
      const tested = runHelm(product.kubeconfig, ["test", release.name, "--timeout", "120s"]);
      await expect(tested).rejects.toThrow(/failed/i);
      const pods = `/api/v1/namespaces/${release.namespace}/pods`;
      const log = await sendToCluster(product.kubeconfig, { path: `${pods}/outrigger-check/log` });
      expect(log).toContain("scaled to 0");
      await product.remove(`${pods}/outrigger-check`);
    });
  }, 240_000);

  it("says which right is missing instead of calling it well", async () => {
    const kubeconfig = await logInAs(product.kubeconfig, "outrigger-aggregator", makeTestFolder("check"));
    const { code, out } = await check("--kubeconfig", kubeconfig, "--namespace", release.namespace);
    expect(code).toBe(1);
    expect(out).toContain("? unknown  installation could not look: need list deployments in outrigger-system");
    expect(out).toContain("? unknown  nodes        could not look: need list nodes in all namespaces");
    expect(out).not.toContain("All is well");
  });
});
