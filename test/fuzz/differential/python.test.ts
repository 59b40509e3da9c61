/** The tool that the sidecar judges is the tool that the server's own parser calls: a server of the Python SDK. */
import { expect, it } from "vitest";
import { compareTools } from "./compare.ts";
import { startPythonApp } from "./python-app.ts";

it("the Python SDK runs nothing but what the sidecar judged and allowed, of 2,000 bodies", async () => {
  const app = await startPythonApp();
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
}, 300_000);
