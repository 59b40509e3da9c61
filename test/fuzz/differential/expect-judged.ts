/** Compares what one server's own parser runs with what the sidecar judged: the assertions that every SDK has to meet. */
import { expect } from "vitest";
import { compareTools } from "./compare.ts";
import type { RecordingApp } from "./sdk-apps.ts";

/** Sends 2,000 bodies that mean one thing, nothing, or two; the server ends afterwards. */
export async function expectOnlyJudged(app: RecordingApp): Promise<void> {
  try {
    const { sent, judged, ran, forbidden, unjudged } = await compareTools(app, { seed: 20_261_121, count: 2_000 });
    expect(forbidden).toEqual([]);
    expect(unjudged).toBeUndefined();
    // Else the comparison would have compared nothing.
    expect(ran.length).toBeGreaterThan(sent / 8);
    expect(judged.length).toBeGreaterThanOrEqual(ran.length);
  } finally {
    await app.close();
  }
}
