/** Installs the chart on a cluster as a user does, with the images made here. Decides only names and image values. */
import { join } from "node:path";
import { findHelm } from "../../charts/helm.ts";
import { run } from "../run.ts";
import { registry, type ProductImage } from "./images.ts";

/** The release. */
export const release = { name: "outrigger", namespace: "outrigger-system" } as const;

const chart = join(import.meta.dirname, "../../../charts/outrigger");

/** Values that name the images. */
export function imageValues(images: readonly Omit<ProductImage, "image">[]): readonly string[] {
  const named = images.flatMap(({ component, repository, tag }) => [
    `${component}.image.repository=${repository}`,
    `${component}.image.tag=${tag}`,
  ]);
  return [`images.registry=${registry}`, ...named];
}

/** Runs helm against a cluster and gives what it prints. Rejects with helm's own words. */
export async function runHelm(kubeconfig: string, args: readonly string[]): Promise<string> {
  return run([await findHelm(), "--kubeconfig", kubeconfig, "--namespace", release.namespace, ...args]);
}

/** Installs or upgrades the release and waits until its pods are ready. `values` are of the form `a.b=c`, or JSON. */
export async function installChart(kubeconfig: string, values: readonly string[]): Promise<string> {
  const settings = values.flatMap((value) => [chooseFlag(value), value]);
  const verb = ["upgrade", "--install", "--create-namespace", "--wait", "--timeout", "120s"];
  return runHelm(kubeconfig, [...verb, release.name, chart, ...settings]);
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
