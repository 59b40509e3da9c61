/** Runs a given helm, 3 or 4, away from the repositories, caches and registries of whoever runs the test. */
import { join } from "node:path";
import type { Values } from "../../charts/values/node.ts";
import { run } from "../cluster/run.ts";
import { parseObjects, type RenderedObject } from "./render.ts";

/** A helm program and the folder that it keeps its own files in. */
export interface HelmAt {
  readonly helm: string;
  readonly home: string;
}

/** Gives what helm prints. Rejects with its words. */
export function runHelmAt({ helm, home }: HelmAt, args: readonly string[], values: Values = {}): Promise<string> {
  const names = ["CACHE", "CONFIG", "DATA"];
  const env = Object.fromEntries(names.map((name) => [`HELM_${name}_HOME`, join(home, name.toLowerCase())]));
  return run([helm, ...args], { env, input: JSON.stringify(values) });
}

/** Where the chart is taken from: the words behind `helm template NAME`. */
export type ChartSource = readonly string[];

/** Renders the chart of a source for a version of Kubernetes, as objects by kind, namespace and name. Rejects with helm's words. */
export async function renderSource(
  at: HelmAt,
  source: ChartSource,
  { values = {}, kubernetes = "1.34.0" }: { readonly values?: Values; readonly kubernetes?: string } = {},
): Promise<ReadonlyMap<string, RenderedObject>> {
  const place = ["--namespace", "outrigger-system", "--kube-version", kubernetes, "--values", "-"];
  return byName(parseObjects(await runHelmAt(at, ["template", "outrigger", ...source, ...place], values)));
}

/** Objects by kind, namespace and name. Throws where two have the same. */
export function byName(objects: readonly RenderedObject[]): ReadonlyMap<string, RenderedObject> {
  const named = new Map<string, RenderedObject>();
  for (const object of objects) {
    const { namespace = "", name } = object.metadata;
    const key = `${object.kind} ${namespace}/${name}`;
    if (named.has(key)) throw new Error(`${key} is there twice`);
    named.set(key, object);
  }
  return named;
}
