/** The page of conformance results: what it says of a run. Written by `npm run conformance -- aggregator --write`, else compared. Pure. */
import type { Row } from "./compare.ts";
import type { Expected } from "./expected.ts";

/** Where the page is. */
export const pageFile = new URL("../../docs/conformance.md", import.meta.url);

/** The whole page. `suiteVersions`: of the suite behind each row. */
export function renderPage(
  rows: readonly Row[],
  suiteVersions: ReadonlyMap<string, string>,
  expected: Expected,
): string {
  const cells = rows.map((row) => [
    row.version,
    suiteVersions.get(row.version) ?? "",
    ...[row.direct, row.sidecar, row.policy].map((count) => (count === null ? "-" : `${count} of ${row.total}`)),
  ]);
  const table = alignTable([["specification", "suite", "directly", "aggregator", "with other servers"], ...cells]);
  const differences = Object.entries(expected).flatMap(([version, names]) =>
    Object.entries(names).map(([name, why]) => `- ${version}, \`${name}\`: ${why}`),
  );
  return [
    "# Conformance of the aggregator",
    "",
    "Scored scenarios of the official MCP conformance suites that pass: against a server directly, through an aggregator and a sidecar that",
    "have this server alone, and through an aggregator that has other servers beside it. Rows of clients are the suites' scenarios for",
    "clients, with a client alone and with the same client behind an aggregator; those of authorization are left out, because an aggregator",
    "dials sidecars and holds no credentials. Scenarios that are not scored, and single checks, are compared too.",
    "",
    "`npm run conformance -- aggregator` runs all of them and fails where a run differs from this page; with `--write` it writes the page.",
    "",
    ...table,
    "",
    "Meant to come out otherwise than directly:",
    "",
    ...differences,
    "",
  ].join("\n");
}

function alignTable([head = [], ...rows]: readonly (readonly string[])[]): string[] {
  const widths = head.map((_, at) => Math.max(...[head, ...rows].map((cells) => cells[at]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(" | ")} |`;
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)];
}
