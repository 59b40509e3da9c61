/** `install.yaml`, the way of installing without helm: what the API server says to each of its objects, and that the product runs. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { packageChart, release } from "../../../../charts/package/package.ts";
import { findHelm } from "../../../charts/helm.ts";
import { makeTestFolder, nameFileFolder } from "../../../fixtures/temporary-folder.ts";
import { waitFor } from "../../../fixtures/wait-for.ts";
import { httpServer, optedIn, podOf } from "../../product/workloads.ts";
import { run } from "../../run.ts";
import { hasCluster, useCluster } from "../cluster.ts";
import { findPath } from "../kubectl.ts";
import { admitDry, isInjected, readTrusted } from "./webhook-away.ts";

const chart = join(import.meta.dirname, "../../../../charts/outrigger");

/** A file of values, from values of the form `a.b=c`. */
async function writeValues(file: string, flat: readonly string[]): Promise<string> {
  const root: Record<string, unknown> = {};
  for (const each of flat) {
    const [path = "", value] = each.split("=", 2);
    const names = path.split(".");
    const last = names.pop() ?? "";
    let at = root;
    for (const name of names) at = (at[name] ??= {}) as Record<string, unknown>;
    at[last] = value;
  }
  await writeFile(file, JSON.stringify(root));
  return file;
}

describe.skipIf(!hasCluster())("install.yaml", () => {
  const cluster = inject("cluster");
  const kubeconfig = cluster.ok ? cluster.kubeconfig : "";
  const user = useCluster("plain");
  const folder = nameFileFolder("install");
  let install = "";
  let env: Readonly<Record<string, string>> = {};
  const kubectl = (...args: readonly string[]): Promise<string> => run(["kubectl", ...args], { env });
  const apply = (...args: readonly string[]): Promise<string> => kubectl("apply", "--server-side", ...args);

  beforeAll(async () => {
    env = { PATH: await findPath(), KUBECONFIG: kubeconfig, KUBECACHEDIR: join(folder, "kube") };
    const values = [await writeValues(join(folder, "values.json"), inject("product").imageValues)];
    ({ install } = await packageChart({ helm: await findHelm(), chart, folder, values, timeS: 0 }));
  });
  afterAll(() => kubectl("delete", "--ignore-not-found", "--timeout=90s", "--filename", install));

  it("is taken by the API server object by object", async () => {
    // A dry run makes no namespace for the objects behind it.
    const documents = (await readFile(install, "utf8")).split(/^---$/m);
    const namespace = join(makeTestFolder("namespace"), "namespace.yaml");
    await writeFile(namespace, documents[1] ?? "");
    await apply("--filename", namespace);
    const said = (await apply("--dry-run=server", "--filename", install)).trim().split("\n");
    expect(said.filter((line) => !line.endsWith(" serverside-applied (server dry run)"))).toEqual([]);
    // The first part is a comment.
    expect(said).toHaveLength(documents.length - 1);
  });

  it("brings the product up, and again changes nothing that its programs wrote", async () => {
    await apply("--filename", install);
    const ready = ["wait", "deployment", "--all", "--for=condition=Available", "--timeout=100s"];
    await kubectl(...ready, "--namespace", release.namespace);
    const pod = podOf(httpServer("search", { image: "registry.example/server:1", labels: optedIn }));
    const admit = async (): Promise<boolean> => isInjected(await admitDry(kubeconfig, user.namespace, pod));
    await waitFor("a labelled pod with its sidecar", admit, 60_000);
    const trusted = await readTrusted(kubeconfig);
    expect(trusted.filter((bundle) => (bundle ?? "") === "")).toEqual([]);
    await apply("--filename", install);
    expect(await readTrusted(kubeconfig)).toEqual(trusted);
    expect(await admit()).toBe(true);
  });
});
