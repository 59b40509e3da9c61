/** `outrigger check` on a real cluster: quiet where all is well, each thing that is made wrong is named; helm test runs it inside. */
import { beforeAll, describe, expect, it } from "vitest";
import { runCommand, type CommandResult } from "../../../demo/stage/command.ts";
import { makeTestFolder } from "../../../fixtures/temporary-folder.ts";
import { waitFor } from "../../../fixtures/wait-for.ts";
import { sendToCluster } from "../../ask-cluster.ts";
import { release, runHelm } from "../../product/install.ts";
import { findHelm } from "../../../charts/helm.ts";
import { run } from "../../run.ts";
import { httpServer, optedIn, podOf, serverPort, serviceOf, stdioServer } from "../../product/workloads.ts";
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
  /** Runs what a document says is to be done, as somebody who copies it would: of one area, or of all that is no mere note. */
  const runAll = async ({ findings }: Document, area?: string): Promise<void> => {
    const wanted = findings.filter((each) => (area === undefined ? each.level !== "note" : each.area === area));
    const helm = await findHelm();
    for (const line of wanted
      .flatMap(({ next = "" }) => next.split("\n"))
      .filter((each) => /^(kubectl|helm) /.test(each)))
      await run(["sh", "-c", line.replace(/^helm /, `${helm} `)], {
        env: { PATH: path, KUBECONFIG: product.kubeconfig },
      });
  };
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

  it("F-185 tells apart who asks for no sidecar, lacks it, is refused, is not ready, and offers nothing", async () => {
    const [plain, odd] = [await product.makeNamespace(), await product.makeNamespace(optedIn)];
    await product.create(httpServer("mcp-plain", { image, replicas: 0 }), plain);
    const ports = [{ containerPort: 3001 }, { containerPort: 3002 }];
    await product.create(httpServer("refused", { image, container: { ports } }), odd);
    const absent = { image: "localhost/nothing:0", imagePullPolicy: "Never" };
    await product.create(httpServer("unready", { image, container: absent }), odd);
    const annotations = { "outrigger.dev/deny-tools": "*" };
    await product.create(httpServer("empty", { image, annotations }), odd);
    const document = await waitFor("all of it to be seen", async () => {
      const seen = await read("--namespaces", `${plain},${odd}`, "--namespace", release.namespace);
      expect(said(seen, "injection", "note")).toContain(`${plain}/deployment/mcp-plain: its name`);
      expect(said(seen, "injection", "problem")).toMatch(new RegExp(`${odd}/deployment/refused: .*AmbiguousPort`));
      expect(said(seen, "pods", "problem")).toMatch(new RegExp(`${odd}/unready-.*: ErrImageNeverPull \\(app\\)`));
      expect(said(seen, "servers", "warning")).toMatch(new RegExp(`${odd}/empty: .*deny-tools="\\*"`));
      return seen;
    });
    expect(said(document, "injection", "note")).toContain(
      `kubectl patch deployment/mcp-plain --namespace ${plain} --patch '{"spec":{"template":{"metadata":{"labels":{"outrigger.dev/inject":"enabled"}}}}}'`,
    );
    expect(said(document, "pods", "problem")).toMatch(/kubectl describe pod\/unready-/);
    for (const name of ["refused", "unready", "empty"])
      await product.remove(`/apis/apps/v1/namespaces/${odd}/deployments/${name}`);
    await product.remove(`/apis/apps/v1/namespaces/${plain}/deployments/mcp-plain`);
  }, 120_000);

  it("F-008 F-187 lists each of several faults with its command, and is well when these were run", async () => {
    const late = await product.makeNamespace();
    const annotations = { "outrigger.dev/rate-limt": "600/m" };
    await product.create(podOf(httpServer("early", { image })), late);
    await product.create(httpServer("typed", { image, annotations }), late);
    await product.create(serviceOf("typed", serverPort), late);
    const limits = [{ type: "Container", min: { memory: "96Mi" } }];
    await product.create({ apiVersion: "v1", kind: "LimitRange", metadata: { name: "least" }, spec: { limits } }, late);
    await product.readyPod(late, "typed");
    await product.patch(`/api/v1/namespaces/${late}`, { metadata: { labels: optedIn } });
    const role = "/apis/rbac.authorization.k8s.io/v1/clusterroles/outrigger-operator";
    const { rules } = await product.get<{
      rules: readonly { resources: readonly string[]; verbs: readonly string[] }[];
    }>(role);
    const withoutPatch = rules.map((rule) =>
      rule.resources.includes("pods") ? { ...rule, verbs: rule.verbs.filter((verb) => verb !== "patch") } : rule,
    );
    await product.patch(role, { rules: withoutPatch });
    const { code, out } = await check();
    expect(code).toBe(1);
    for (const line of [
      /✗ problem +permissions +1 right of the programs missing\n +operator: patch pods in all namespaces: /,
      new RegExp(
        `✗ problem +injection .*\\n +${late}/early: it is older than the label of its namespace \\[NotInjected\\]`,
      ),
      new RegExp(`! warning +annotations .*\\n +${late}/deployment/typed: .*rate-limt.*did you mean rate-limit`),
      new RegExp(`! warning +limits .*\\n +${late}/deployment/typed: .*LimitRange least: at least 96Mi`),
    ])
      expect(out).toMatch(line);
    await runAll(await read());
    await product.readyPod(late, "typed");
    const leaking = await waitFor("the Service that leads past the sidecar", async () => {
      const document = await read();
      expect(said(document, "services", "warning")).toContain(`${late}/typed: port 80 leads to ${serverPort}`);
      return document;
    });
    await runAll(leaking, "services");
    await untilWell();
    await product.remove(`/api/v1/namespaces/${late}/pods/early`);
    await product.remove(`/apis/apps/v1/namespaces/${late}/deployments/typed`);
  }, 240_000);

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

  const explain = (...args: readonly string[]): Promise<CommandResult> =>
    runCommand(["explain", "--kubeconfig", product.kubeconfig, ...args], {
      env: { PATH: path, OUTRIGGER_ENDPOINT: "" },
    });

  it("explains a pod and its workload: what the webhook does, what is there now, what a restart would change", async () => {
    const pod = await product.readyPod(tools, "search");
    const running = await explain(`pod/${pod.metadata.name}`, "-n", tools);
    expect({ code: running.code, err: running.err }).toEqual({ code: 0, err: "" });
    expect(running.out).toContain(
      `✓ Pod/${pod.metadata.name} in namespace ${tools}: injected already [AlreadyInjected]`,
    );
    expect(running.out).toMatch(/^ {4}asked {6}by namespace\.inject\.outrigger\.dev/m);
    expect(running.out).toMatch(/sidecar \S+, ready, config [0-9a-f]{16} as installed; a new one would be the same$/m);
    expect(running.out).toMatch(/^ {15}enforced: /m);
    expect(running.out).toContain("deny-tools=echo (pod)");
    expect(running.out).not.toContain("not known");
    const template = await explain("deploy/search", "-n", tools);
    expect(template.out).toContain(`✓ Deployment/search in namespace ${tools}: injected [Injected]`);
    expect(template.out).toContain(`pod ${pod.metadata.name}: sidecar `);
    const absent = await explain("sts/search", "-n", tools);
    expect([absent.code, absent.err]).toEqual([
      3,
      expect.stringContaining(`There is no statefulset/search in namespace ${tools}`),
    ]);
  });

  it("explains what bounds of a namespace have against the sidecar, and what a user may not see", async () => {
    const bounds = { apiVersion: "v1", kind: "LimitRange", metadata: { name: "small" } };
    const limits = [{ type: "Container", max: { memory: "96Mi" } }];
    await product.create({ ...bounds, spec: { limits } }, tools);
    const { out } = await explain("deployment/search", "-n", tools);
    expect(out).toMatch(/^ {4}bounds {5}the sidecar's memory .* LimitRange small: at most 96Mi$/m);
    expect(out).toMatch(new RegExp(`^ {4}fix {8}kubectl annotate namespace ${tools} .*sidecar-memory-limit=`, "m"));
    await product.remove(`/api/v1/namespaces/${tools}/limitranges/small`);
    const folder = makeTestFolder("explain");
    const operator = await logInAs(product.kubeconfig, "outrigger-operator", folder);
    const seen = await explain("deployment/search", "-n", tools, "--kubeconfig", operator);
    expect(seen.out).toMatch(/^ {4}not known {2}need list limitranges in .*: whether the sidecar fits can't be said$/m);
    const aggregator = await logInAs(product.kubeconfig, "outrigger-aggregator", folder);
    const refused = await explain("deployment/search", "-n", tools, "--kubeconfig", aggregator);
    expect([refused.code, refused.err]).toEqual([4, expect.stringContaining("need get deployments search")]);
  });

  it("F-192 explains why a tool is hidden, and where another one ranks", async () => {
    const hidden = await explain("tool", `${tools}__search__echo`);
    expect({ code: hidden.code, err: hidden.err }).toEqual({ code: 4, err: "" });
    expect(hidden.out).toContain(`✗ ${tools}__search__echo: hidden [ToolDenied]`);
    expect(hidden.out).toContain('annotation outrigger.dev/deny-tools of the pod: denies "echo"');
    const ranked = await explain("tool", "get-sum", "--server", `${tools}/search`, "--query", "add two numbers");
    expect({ code: ranked.code, err: ranked.err }).toEqual({ code: 0, err: "" });
    expect(ranked.out).toContain(`✓ ${tools}__search__get-sum: listed and callable [Allowed]`);
    expect(ranked.out).toMatch(/^ {4}rank {8}\d+ of \d+, score /m);
    const unknown = await explain("tool", `${tools}__search__get-sun`);
    expect([unknown.code, unknown.out]).toEqual([3, expect.stringContaining("__search__get-sum")]);
  });
});
