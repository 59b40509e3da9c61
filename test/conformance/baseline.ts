/** The committed record of what the fixture passes by itself, so that a suite or SDK update that breaks it is seen and not taken for the sidecar's fault. */
import { readFile, writeFile } from "node:fs/promises";
import { passedScenarios, type Measurement } from "./compare.ts";

/** Passing scored scenarios per version, sorted. */
export type Baseline = Readonly<Record<string, readonly string[]>>;

/** Returns the baseline that these direct results would make. */
export function createBaseline(measurements: readonly Measurement[]): Baseline {
  return Object.fromEntries(
    measurements.map(({ version, scored, direct }) => [version, passedScenarios(scored, direct)]),
  );
}

/** Returns `version: scenario` for everything that the baseline says passes and that does not pass directly now. */
export function findRegressions(baseline: Baseline, measurements: readonly Measurement[]): string[] {
  const now = createBaseline(measurements);
  return measurements.flatMap(({ version }) =>
    (baseline[version] ?? []).filter((name) => !now[version]?.includes(name)).map((name) => `${version}: ${name}`),
  );
}

/** Parses the text of a baseline file. Errors: `NotABaseline` for anything but an object of arrays of names. */
export function parseBaseline(text: string): { ok: true; value: Baseline } | { ok: false; error: "NotABaseline" } {
  try {
    const value: unknown = JSON.parse(text);
    if (isBaseline(value)) return { ok: true, value };
  } catch {
    // Not JSON is not a baseline either.
  }
  return { ok: false, error: "NotABaseline" };
}

function isBaseline(value: unknown): value is Baseline {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  return Object.values(value).every((names) => Array.isArray(names) && names.every((name) => typeof name === "string"));
}

/** Reads a baseline file. Throws when it is missing or damaged: without it the run would prove less than it says. */
export async function readBaseline(file: URL): Promise<Baseline> {
  const parsed = parseBaseline(await readFile(file, "utf8"));
  if (!parsed.ok) throw new Error(`${file.pathname} is damaged; write it anew with --update`);
  return parsed.value;
}

/** Writes a baseline file. */
export async function writeBaseline(file: URL, baseline: Baseline): Promise<void> {
  await writeFile(file, `${JSON.stringify(baseline, null, 2)}\n`);
}
