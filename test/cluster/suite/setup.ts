/**
 * Brings the cluster for the whole run. One that was up before stays up; one that was started here is taken down at the end. Where no
 * provider fits, the tests are skipped with the reasons, but in CI the run fails: there a skipped tier would look like a passed one.
 */
import type { TestProject } from "vitest/node";
import { chooseProvider } from "../choose-provider.ts";
import { createProgress, toProgressOutput } from "../progress.ts";
import type { ProvidedCluster } from "./provided.ts";

/** Called by vitest before any test; what it returns is called after all. */
export default async function setUp(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const progress = createProgress(toProgressOutput(process.stderr, process.env));
  const provide = (cluster: ProvidedCluster): void => project.provide("cluster", cluster);
  const choice = await chooseProvider(process.env);
  if (!choice.ok) {
    const text = `no cluster can be used here:\n  ${choice.reasons.join("\n  ")}`;
    if (process.env["CI"] === "true") throw new Error(text);
    progress.note(`${text}\n  so every test of this tier is skipped`);
    provide({ ok: false, reasons: choice.reasons });
    return undefined;
  }
  const { provider } = choice;
  const { name, kubeconfig, capabilities } = provider;
  const cluster: ProvidedCluster = { ok: true, provider: name, kubeconfig, capabilities };
  if (await provider.isUp()) {
    progress.note(`${name}: running already, and stays`);
    provide(cluster);
    return undefined;
  }
  progress.note(`${name}: starting, for this run only`);
  // A start that fails is not taken down here: its logs are wanted, and it may have failed because somebody else is at it.
  await provider.up(progress);
  provide(cluster);
  return () => provider.down(progress);
}
