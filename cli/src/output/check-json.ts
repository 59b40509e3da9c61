/** The findings of `outrigger check` as one JSON document; member names are public. */
import { tally, toExitCode, type Finding } from "../check/finding.ts";
import type { CheckHead } from "./check-text.ts";

/** Writes it. `ok` is what exit code 0 says. */
export function formatCheckJson({ address, release }: CheckHead, findings: readonly Finding[]): string {
  const counts = tally(findings);
  const document = {
    ok: toExitCode(counts) === 0,
    apiServer: address,
    ...(release === undefined
      ? {}
      : { namespace: release.namespace, release: release.instance, version: release.version }),
    counts,
    findings,
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}
