/** Explanations of injection as one JSON document; member names are public. */
import type { Explanation } from "../explain/explanation.ts";
import { tallyActions } from "../explain/tally.ts";

/** Writes it. `ok`: nothing would be refused, which is what exit code 0 says. */
export function formatExplanationsJson(objects: readonly Explanation[]): string {
  const { inject, skip, deny, pass } = tallyActions(objects);
  const document = {
    ok: deny === 0,
    counts: { injected: inject, leftAlone: skip, refused: deny, noPod: pass },
    objects,
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}
