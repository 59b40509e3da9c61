/** Writes the table of values in the README, between its two marks. */
import { listLeaves, type Group } from "../values/node.ts";

const begin = "<!-- values: written by charts/generate.ts -->";
const end = "<!-- end of values -->";

/** The README with the table in it. Throws where the marks are missing. */
export function writeTable(tree: Group, readme: string): string {
  const [before, rest] = readme.split(begin);
  const after = rest?.split(end)[1];
  if (before === undefined || after === undefined) throw new Error(`the README lacks ${begin} or ${end}`);
  const rows = listLeaves(tree).map(
    ({ path, leaf }) => `| \`${path.join(".")}\` | ${showDefault(leaf.fallback)} | ${leaf.meaning} |`,
  );
  return [before + begin, "", "| value | default | meaning |", "| --- | --- | --- |", ...rows, "", end + after].join(
    "\n",
  );
}

const longest = 60;

function showDefault(fallback: unknown): string {
  const text = JSON.stringify(fallback);
  return text.length > longest ? "see `values.yaml`" : `\`${text}\``;
}
