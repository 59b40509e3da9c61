/** Writes metrics as Prometheus text (exposition format 0.0.4). By hand: a library would cost every pod 2 MiB. */

/** Labels as they stand between the braces, and the value. */
export type Sample = readonly [labels: string, value: number];

/** A gauge with its help, prefix `outrigger_`. */
export const gauge = (name: string, help: string, samples: readonly Sample[]): string =>
  write({ name, help, type: "gauge" }, samples);

/** The same for what only grows. */
export const counter = (name: string, help: string, samples: readonly Sample[]): string =>
  write({ name, help, type: "counter" }, samples);

function write(
  { name, help, type }: { readonly name: string; readonly help: string; readonly type: "gauge" | "counter" },
  samples: readonly Sample[],
): string {
  const full = `outrigger_${name}`;
  const lines = samples.map(([labels, value]) => `${full}${labels === "" ? "" : `{${labels}}`} ${value}\n`);
  return `# HELP ${full} ${help}\n# TYPE ${full} ${type}\n${lines.join("")}`;
}
