/** A server's own secrets: they come to it as its pod says, and to nobody of ours. */
import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, inject, it } from "vitest";
import { textOf } from "../../../fixtures/mcp-clients.ts";
import { nameFileFolder } from "../../../fixtures/temporary-folder.ts";
import { askCluster, sendToCluster } from "../../ask-cluster.ts";
import { release } from "../../product/install.ts";
import { httpServer, optedIn } from "../../product/workloads.ts";
import { hasCluster } from "../cluster.ts";
import { readProgram } from "./eviction.ts";
import { useProduct, type PodFacts } from "./product.ts";
import { findForeignReads, listSecretRequests } from "../../secret-audit.ts";
import { listRights, logInAs } from "./service-account.ts";
import { createUser } from "./user.ts";

interface Container {
  readonly name: string;
  readonly env?: readonly { readonly name: string; readonly value?: string; readonly valueFrom?: object }[];
  readonly volumeMounts?: readonly { readonly name: string }[];
}

interface SpecPod {
  readonly spec: { readonly containers: readonly Container[]; readonly initContainers: readonly Container[] };
}

const secretName = "search-api";
const valueFrom = { secretKeyRef: { name: secretName, key: "token" } };

describe.skipIf(!hasCluster())("a server's secrets", () => {
  const product = useProduct("logLevel=debug");
  const folder = nameFileFolder("secrets");
  const user = createUser(product.aggregator);
  const { image, kubeconfig } = product;
  const token = `token-${randomUUID()}`;
  const provided = inject("cluster");
  const secretsAudit = provided.ok ? provided.capabilities.secretsAudit : undefined;
  let tools = "";

  beforeAll(async () => {
    tools = await product.makeNamespace();
    const metadata = { name: secretName };
    await product.create({ apiVersion: "v1", kind: "Secret", metadata, stringData: { token } }, tools);
    const container = {
      env: [
        { name: "API_TOKEN", valueFrom },
        { name: "PORT", value: "3001" },
      ],
    };
    await product.create(httpServer("server", { image, labels: optedIn, container }), tools);
    await product.readyPod(tools, "server");
    await user.untilListed(tools, "server");
  }, 120_000);

  const podOfServer = async (): Promise<PodFacts> => product.readyPod(tools, "server");
  const logOf = (namespace: string, pod: string, container: string): Promise<string> =>
    sendToCluster(kubeconfig, { path: `/api/v1/namespaces/${namespace}/pods/${pod}/log?container=${container}` });
  /** Everything that our programs wrote: logs, the catalogue, what stands on the pod. */
  const readWritten = async (): Promise<readonly string[]> => {
    const { metadata } = await podOfServer();
    const programs = ["webhook", "aggregator", "operator"].map(async (program) => {
      const { pods } = await readProgram(product, program);
      return Promise.all(pods.map((pod) => logOf(release.namespace, pod.metadata.name, program)));
    });
    const base = await product.aggregator();
    const shown = ["servers", "tools"].map(async (what) => (await fetch(`${base}/api/v1/${what}`)).text());
    const sidecar = await logOf(tools, metadata.name, "outrigger-sidecar");
    return [sidecar, ...(await Promise.all(programs)).flat(), ...(await Promise.all(shown)), JSON.stringify(metadata)];
  };

  it("F-156 stay in the pod's own specification and come to the server, and no program of ours may read, carries or logs them", async () => {
    const { spec } = (await podOfServer()) as unknown as SpecPod;
    expect(spec.containers[0]?.env).toContainEqual({ name: "API_TOKEN", valueFrom });
    // Neither by reference nor by value in what was put into the pod.
    for (const container of spec.initContainers)
      expect(JSON.stringify(container)).not.toMatch(/secretKeyRef|secretRef|API_TOKEN|search-api/);
    // The server itself has it: its own tool shows its environment.
    expect(textOf(await user.call(`${tools}__server__get-env`, {}))).toContain(token);

    const secrets = `/api/v1/namespaces/${tools}/secrets`;
    for (const account of ["outrigger-webhook", "outrigger-aggregator", "outrigger-operator"]) {
      const own = await logInAs(kubeconfig, account, folder);
      expect(
        (await listRights(own, tools)).filter((right) => right.includes("secrets")),
        account,
      ).toEqual([]);
      for (const path of [secrets, `${secrets}/${secretName}`])
        await expect(askCluster(own, path), account).rejects.toThrow(/403/);
    }

    const written = await readWritten();
    expect(written.every((text) => text.length > 0)).toBe(true);
    // As it is, and as a Secret spells it.
    for (const spelling of [token, Buffer.from(token).toString("base64")])
      expect(written.filter((text) => text.includes(spelling))).toEqual([]);

    // Where the API server writes down who asked for Secrets, that is the last word: since it started, in every installation.
    if (secretsAudit === undefined) return;
    const requests = await listSecretRequests(secretsAudit);
    expect(findForeignReads(requests)).toEqual([]);
    const seen = { namespace: tools, name: secretName };
    const byNode = { ...seen, user: expect.stringMatching(/^system:node:/) as unknown };
    expect(requests).toContainEqual(expect.objectContaining(byNode));
    const byHelm = requests.filter(({ agent, verb }) => agent.startsWith("Helm/") && verb === "create");
    expect(byHelm.length).toBeGreaterThan(0);
    for (const program of ["operator", "webhook"])
      expect(requests, program).toContainEqual(
        expect.objectContaining({ user: `system:serviceaccount:${release.namespace}:outrigger-${program}` }),
      );
  });
});
