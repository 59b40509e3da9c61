/** Installs the chart on a cluster as a user does, with the images made here. Decides only names and image values. */
import { join } from "node:path";
import { findHelm } from "../../charts/helm.ts";
import { run } from "../run.ts";
import { registry, type ProductImage } from "./images.ts";

/** The release. */
export const release = { name: "outrigger", namespace: "outrigger-system" } as const;

/** The chart of the sources. */
const presentChart = join(import.meta.dirname, "../../../charts/outrigger");

/** Which helm is used; they differ in how they change what is there. */
export type HelmMajor = 3 | 4;

/** Values that name the images. */
export function imageValues(images: readonly Omit<ProductImage, "image">[]): readonly string[] {
  const named = images.flatMap(({ component, repository, tag }) => [
    `${component}.image.repository=${repository}`,
    `${component}.image.tag=${tag}`,
  ]);
  return [`images.registry=${registry}`, ...named];
}

/**
 * Values for tests that are not about replicas: each change of the release is rolled out in a third of the time. A new pod is Ready before
 * the old one goes, as with two.
 */
export const single: readonly string[] = ["webhook", "operator", "aggregator"].map(
  (program) => `${program}.replicas=1`,
);

/** Runs helm of a major version against a cluster and gives what it prints. Rejects with helm's own words. */
export async function runHelm(kubeconfig: string, args: readonly string[], major: HelmMajor = 4): Promise<string> {
  return run([await findHelm(major), "--kubeconfig", kubeconfig, "--namespace", release.namespace, ...args]);
}

/**
 * Installs or upgrades the release and waits until its pods are ready. `values` are of the form `a.b=c`, or JSON; `chart` is a folder
 * or an archive.
 */
export async function installChart(
  kubeconfig: string,
  values: readonly string[],
  chart = presentChart,
): Promise<string> {
  return runHelm(kubeconfig, installArguments(values, chart));
}

/** The words for {@link runHelm} that do what {@link installChart} does. */
export function installArguments(values: readonly string[], chart = presentChart): readonly string[] {
  const settings = values.flatMap((value) => [chooseFlag(value), value]);
  const verb = ["upgrade", "--install", "--create-namespace", "--wait", "--timeout", "120s"];
  return [...verb, release.name, chart, ...settings];
}

/** A tag may be digits alone, which helm would take for a number. */
function chooseFlag(value: string): string {
  if (/=[[{]/.test(value)) return "--set-json";
  return /\.tag=/.test(value) ? "--set-string" : "--set";
}

/** Takes the release away and waits for it. */
export async function uninstallChart(kubeconfig: string): Promise<void> {
  await runHelm(kubeconfig, ["uninstall", "--wait", "--ignore-not-found", "--timeout", "60s", release.name]);
}
