/** What the check found: one thing looked at, one word about it, and what to do. Decides what counts as well; pure. */

/** Everything that is looked at, in the order in which it is told and mended: first what pods that are made anew depend on. */
export const areas = [
  "installation",
  "Kubernetes",
  "nodes",
  "webhook",
  "certificate",
  "operator",
  "aggregator",
  "permissions",
  "versions",
  "annotations",
  "limits",
  "sidecars",
  "injection",
  "pods",
  "enforcement",
  "services",
  "servers",
  "connection",
  "tools",
  "search",
  "details",
  "filters",
  "policy",
] as const;
export type Area = (typeof areas)[number];

/**
 * `note`: worth knowing, nothing to mend. `warning`: works, and may not for long or not as safely as it could. `problem`: does not
 * work or does not guard. `unknown`: could not be looked at, so nothing is known.
 */
export type Level = "ok" | "note" | "warning" | "problem" | "unknown";

/**
 * One thing that was looked at. `objects` name what it is about, each with its own reason; `next` is what to do: commands, one on a
 * line, or a sentence.
 */
export interface Finding {
  readonly area: Area;
  readonly level: Level;
  readonly message: string;
  readonly objects?: readonly string[];
  readonly next?: string;
}

/** How many there are of each level. */
export type Tally = Readonly<Record<Level, number>>;

/** Counts. */
export function tally(findings: readonly Finding[]): Tally {
  const count = (level: Level): number => findings.filter((each) => each.level === level).length;
  return {
    ok: count("ok"),
    note: count("note"),
    warning: count("warning"),
    problem: count("problem"),
    unknown: count("unknown"),
  };
}

/** 0 where all is well; 1 where something is wrong, or could not be looked at: that is not known to be well. */
export function toExitCode({ problem, unknown }: Tally): 0 | 1 {
  return problem + unknown > 0 ? 1 : 0;
}

/** A finding of a level in an area; `more` where there is something to name or to do. */
export function createFinding(
  area: Area,
  level: Level,
  said: string | (Pick<Finding, "message"> & Partial<Pick<Finding, "objects" | "next">>),
): Finding {
  return { area, level, ...(typeof said === "string" ? { message: said } : said) };
}

/** `1 pod`, `2 pods`. */
export function count(amount: number, noun: string, plural = `${noun}s`): string {
  return `${amount} ${amount === 1 ? noun : plural}`;
}
