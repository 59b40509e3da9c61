/** Bundles what is measured: the webhook as its image holds it, and the programs of this benchmark in the same way. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { bundleEntry, bundleProgram } from "../../bundle/bundle.ts";

const repositoryRoot = fileURLToPath(new URL("../../..", import.meta.url));
const benchPrograms = ["no-op", "decision", "collected"] as const;

/** Paths of bundles by program. */
export type Programs = Readonly<Record<(typeof benchPrograms)[number] | "webhook", string>>;

/** Writes all bundles into a folder. */
export async function bundleWebhook(folder: string): Promise<Programs> {
  const own = benchPrograms.map(async (name) => {
    const file = join(folder, `${name}.cjs`);
    await bundleEntry(join(import.meta.dirname, "programs", `${name}.ts`), file);
    return [name, file] as const;
  });
  const bundled = Object.fromEntries(await Promise.all(own));
  // Every name of the list stands in the entries.
  return { ...bundled, webhook: await bundleProgram("webhook", repositoryRoot, folder) } as Programs;
}
