/** Reads what a suite wrote: the names of its scored scenarios and the checks of each scenario. It decides what counts as passed. */

/** Outcome of one check, as the suites write it. INFO and SKIPPED say nothing about conformance. */
export type CheckStatus = "SUCCESS" | "FAILURE" | "WARNING" | "SKIPPED" | "INFO";

/** One check of a scenario; several checks of a scenario may share an id. */
export interface Check {
  id: string;
  status: CheckStatus;
}

/** Checks per scenario name, of one run. A scenario that crashed is absent. */
export type SuiteResults = ReadonlyMap<string, readonly Check[]>;

/**
 * Tells whether a scenario passed: none of its checks failed, as the suites themselves count, and at least one check
 * judged something, so that an empty or skipped scenario is not a success. A warning is a judgement, not a failure.
 */
export function isPassed(checks: readonly Check[] | undefined): boolean {
  const statuses = new Set(checks?.map((check) => check.status));
  return !statuses.has("FAILURE") && (statuses.has("SUCCESS") || statuses.has("WARNING"));
}

/**
 * Returns the scenario names of the server section of a suite's `list` output, in its order.
 * Shape: the section starts at a line that begins with "Server scenarios"; each name is a line "  - name [versions]".
 */
export function parseScenarioList(output: string): string[] {
  const section = output.split(/^(?=\S)/m).find((part) => part.startsWith("Server scenarios"));
  return [...(section ?? "").matchAll(/^ +- (\S+)/gm)].flatMap((match) => match[1] ?? []);
}

/** Returns the scenario of a result folder named `server-<scenario>-<time>`, or undefined for a folder of another form. */
export function parseFolderName(folder: string): string | undefined {
  return /^server-(.+)-\d{4}-\d{2}-\d{2}T[\d-]+Z$/.exec(folder)?.[1];
}

/** Reads the text of one checks.json. Errors: `NotChecks` for anything but an array of checks. */
export function parseChecks(text: string): { ok: true; value: Check[] } | { ok: false; error: "NotChecks" } {
  try {
    const value: unknown = JSON.parse(text);
    if (Array.isArray(value) && value.every(isCheck)) return { ok: true, value };
  } catch {
    // Not JSON is not checks either.
  }
  return { ok: false, error: "NotChecks" };
}

function isCheck(value: unknown): value is Check {
  return typeof value === "object" && value !== null && "id" in value && "status" in value;
}
