/** The API server's audit log: who asked for which Secret, and nothing of what was in it. Requests for anything else are not kept. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { LocalSettings } from "../settings.ts";

const policy = {
  apiVersion: "audit.k8s.io/v1",
  kind: "Policy",
  omitStages: ["RequestReceived"],
  rules: [{ level: "Metadata", resources: [{ group: "", resources: ["secrets"] }] }, { level: "None" }],
};

/** Where policy and log are. */
export function auditFiles({ stateFolder }: Pick<LocalSettings, "stateFolder">): {
  readonly policy: string;
  readonly log: string;
} {
  return { policy: join(stateFolder, "audit-policy.json"), log: join(stateFolder, "audit.log") };
}

/** Writes the policy. */
export async function writeAuditPolicy(settings: LocalSettings): Promise<void> {
  await writeFile(auditFiles(settings).policy, JSON.stringify(policy));
}

/** The API server's flags for it. An answer waits until its event is written. */
export function toAuditFlags(settings: LocalSettings): Readonly<Record<string, string>> {
  const files = auditFiles(settings);
  return { "audit-policy-file": files.policy, "audit-log-path": files.log, "audit-log-mode": "blocking" };
}
