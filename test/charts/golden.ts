/** The golden cases of the chart: values in, manifests out, refreshed when UPDATE_GOLDEN is set. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import type { Values } from "../../charts/values/node.ts";
import { chartFolder } from "./render.ts";

const root = fileURLToPath(new URL("../../charts/testdata", import.meta.url));

/** One case. */
export interface ChartCase {
  readonly name: string;
  readonly values: Values;
  readonly expectedFile: string;
}

/** All cases. Throws where a folder holds what nothing reads, or lacks its values. */
export function readChartCases(): ChartCase[] {
  return readdirSync(root)
    .sort()
    .map((name) => {
      const folder = join(root, name);
      const strays = readdirSync(folder).filter((file) => file !== "values.yaml" && file !== "expected.yaml");
      if (strays.length > 0) throw new Error(`${name}: files that nothing reads: ${strays.join(", ")}`);
      const own = join(folder, "values.yaml");
      // A folder without values is for a file of values that comes with the chart.
      const values = parse(
        readFileSync(existsSync(own) ? own : join(chartFolder, `values-${name}.yaml`), "utf8"),
      ) as Values;
      return { name, values, expectedFile: join(folder, "expected.yaml") };
    });
}

/** What must come out; written first where `update` is set. */
export function readExpected({ name, expectedFile }: ChartCase, update: string | undefined): string {
  if (update !== undefined) writeFileSync(expectedFile, update);
  if (!existsSync(expectedFile))
    throw new Error(`${name}: no expected.yaml; run once with UPDATE_GOLDEN=1 and review it`);
  return readFileSync(expectedFile, "utf8");
}

/** Manifests by the file that they come from: helm's own order differs between its versions. */
export function sortManifests(manifest: string): string {
  const parts = manifest.split(/^---\n/m).filter((part) => part.trim() !== "");
  return parts
    .map((part) => part.trimEnd())
    .sort((a, b) => (a < b ? -1 : 1))
    .map((part) => `---\n${part}\n`)
    .join("");
}
