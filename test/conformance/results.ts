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
 * Returns the scenario names of one section of a suite's `list` output, in its order.
 * Shape: the section starts at a line that begins with "Server scenarios" or "Client scenarios"; each name is a line "  - name [versions]".
 */
export function parseScenarioList(output: string, of: "Server" | "Client" = "Server"): string[] {
  const section = output.split(/^(?=\S)/m).find((part) => part.startsWith(`${of} scenarios`));
  return [...(section ?? "").matchAll(/^ +- (\S+)/gm)].flatMap((match) => match[1] ?? []);
}

/** Returns the scenario of a result folder: `server-<scenario>-<time>`, of a client without the word in front; undefined for another form. */
export function parseFolderName(folder: string, of: "Server" | "Client" = "Server"): string | undefined {
  const name = /^(.+)-\d{4}-\d{2}-\d{2}T[\d-]+Z$/.exec(folder)?.[1];
  if (of === "Client") return name;
  return name?.startsWith("server-") === true ? name.slice("server-".length) : undefined;
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
