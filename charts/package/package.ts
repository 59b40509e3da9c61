/**
 * Makes what is handed out of the chart: its archive, the index of a Helm repository, and the rendered `install.yaml`. All come of one
 * packing, and two runs give the same bytes.
 */
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { isMap, parse, parseDocument, visit } from "yaml";
import { setArchiveTime } from "./archive.ts";

/** Name and namespace of the release in `install.yaml`. */
export const release = { name: "outrigger", namespace: "outrigger-system" } as const;

/** What is packed, and how. */
export interface PackageOptions {
  /** The helm program, 3 or 4. */
  readonly helm: string;
  /** Folder of the chart. */
  readonly chart: string;
  /** Gets the files; archives that are in it already stay in the index. */
  readonly folder: string;
  /** Base of the archives' addresses in the index; absent: beside the index. */
  readonly url?: string;
  /** Files of values for `install.yaml`; a later one wins. */
  readonly values?: readonly string[];
  /** The one time that is written anywhere, in seconds since 1970. */
  readonly timeS: number;
}

/** Paths of what was made. */
export interface Packaged {
  readonly version: string;
  readonly archive: string;
  readonly index: string;
  readonly install: string;
}

/** Packs the chart. Rejects with helm's words, or with what is missing. */
export async function packageChart(options: PackageOptions): Promise<Packaged> {
  const { folder } = options;
  const facts = readFacts(await readFile(join(options.chart, "Chart.yaml"), "utf8"));
  await mkdir(folder, { recursive: true });
  const archive = await pack(options, `${facts.name}-${facts.version}.tgz`);
  const index = await writeIndex(options);
  const install = join(folder, "install.yaml");
  await writeFile(install, await renderInstall(options, { ...facts, archive }));
  return { version: facts.version, archive, index, install };
}

interface ChartFacts {
  readonly name: string;
  readonly version: string;
  /** The oldest Kubernetes that it is for. */
  readonly oldestKubernetes: string;
}

function readFacts(text: string): ChartFacts {
  const { name, version, kubeVersion } = parse(text) as Readonly<Record<"name" | "version" | "kubeVersion", string>>;
  const oldestKubernetes = /^>=(\d+\.\d+\.\d+)/.exec(kubeVersion)?.[1];
  if (oldestKubernetes === undefined)
    throw new Error(`Chart.yaml: kubeVersion "${kubeVersion}" names no oldest version`);
  return { name, version, oldestKubernetes };
}

async function pack({ helm, chart, folder, timeS }: PackageOptions, name: string): Promise<string> {
  const work = await mkdtemp(join(tmpdir(), "outrigger-chart-"));
  try {
    await runHelm(helm, ["package", chart, "--destination", work]);
    const archive = join(folder, name);
    await writeFile(archive, setArchiveTime(await readFile(join(work, name)), timeS));
    return archive;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** The index of all archives in the folder, with the one time instead of now. */
async function writeIndex({ helm, folder, url, timeS }: PackageOptions): Promise<string> {
  await runHelm(helm, ["repo", "index", folder, ...(url === undefined ? [] : ["--url", url])]);
  const index = join(folder, "index.yaml");
  const document = parseDocument(await readFile(index, "utf8"));
  const time = new Date(timeS * 1_000).toISOString();
  visit(document, {
    Map: (_key, map) => {
      for (const field of ["created", "generated"]) if (map.has(field)) map.set(field, time);
    },
  });
  if (!isMap(document.contents)) throw new Error(`${index}: helm wrote no index`);
  await writeFile(index, document.toString({ lineWidth: 0 }));
  return index;
}

async function renderInstall(
  { helm, values = [] }: PackageOptions,
  { archive, version, oldestKubernetes }: ChartFacts & { readonly archive: string },
): Promise<string> {
  const { name, namespace } = release;
  // No cluster is asked, so the oldest is assumed: what needs a newer one is refused and not let through.
  const cluster = ["--namespace", namespace, "--kube-version", oldestKubernetes, "--include-crds", "--no-hooks"];
  const files = values.flatMap((file) => ["--values", file]);
  const objects = await runHelm(helm, ["template", name, archive, ...cluster, ...files]);
  return `# Outrigger ${version}, as its chart renders it. Apply it to Kubernetes ${oldestKubernetes.replace(/\.0$/, "")} or newer:
# kubectl apply --server-side --filename install.yaml
---
apiVersion: v1
kind: Namespace
metadata:
  name: ${namespace}
${objects}`;
}

const maxOutputBytes = 64 * 1024 * 1024;

/** Gives what helm prints. */
async function runHelm(helm: string, args: readonly string[]): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(helm, [...args], { maxBuffer: maxOutputBytes });
    return stdout;
  } catch (error) {
    const { code, stderr } = error as { readonly code?: unknown; readonly stderr?: string };
    if (code === "ENOENT") {
      throw new Error(`${helm} is missing: install Helm 3 or 4, or name the program in OUTRIGGER_HELM`, {
        cause: error,
      });
    }
    throw new Error(`helm ${args[0] ?? ""}: ${stderr?.trim() ?? String(error)}`, { cause: error });
  }
}
