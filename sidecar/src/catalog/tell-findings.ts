/** Tells of tools that are not as approved: in the feed, and once for each definition in the log. Names of members, never their texts. */
import type { FeedFinding } from "@outrigger/api/feed";
import type { Logger } from "@outrigger/runtime/logger";

/** Creates the teller. `publish` puts the findings into the feed. */
export function createFindingTeller(
  publish: (findings: readonly FeedFinding[]) => void,
  logger: Logger,
): (findings: readonly FeedFinding[]) => void {
  let told: ReadonlySet<string> = new Set();
  return (findings) => {
    publish(findings);
    const keys = findings.map((finding) => JSON.stringify(finding));
    for (const [index, finding] of findings.entries()) {
      if (told.has(keys[index] ?? "")) continue;
      const reason = finding.state === "Changed" ? "ToolChanged" : "ToolUnapproved";
      logger.warn({ reason, ...finding }, "a tool is not as approved");
    }
    told = new Set(keys);
  };
}
