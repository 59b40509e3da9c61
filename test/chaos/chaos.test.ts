import { expect, it } from "vitest";
import { findProblems, formatChaos, type ChaosReport } from "./report.ts";
import { plans, runChaos } from "./run.ts";
import { createTally } from "./tally.ts";

const clean: ChaosReport = {
  seconds: 12,
  events: [{ atSeconds: 1, what: "a replica is killed" }],
  clients: { modern: tallyOf([[{ ok: true }], [{ ok: false, why: "the connection broke" }, { ok: true }]]) },
  replicas: { "requests passed on": 3 },
};

function tallyOf(calls: readonly Parameters<ReturnType<typeof createTally>["call"]>[0]["attempts"][]) {
  const tally = createTally();
  for (const attempts of calls) tally.call({ attempts, ms: 5 });
  return tally.counts();
}

it("counts a call that came through at a later attempt as answered, with why the first one failed", () => {
  expect(clean.clients["modern"]).toMatchObject({ sent: 2, answered: 2, atOnce: 1, lost: 0 });
  expect(clean.clients["modern"]?.failed).toEqual({ "the connection broke": 1 });
  expect(findProblems(clean)).toEqual([]);
  expect(formatChaos(clean)).toMatch(/No call was lost\.$/);
});

it.each([
  ["a call is lost", { clients: { modern: tallyOf([[{ ok: false, why: "HTTP 500" }]]) } }, /lost 1 of 1/],
  ["nothing is sent", { clients: { legacy: tallyOf([]) } }, /sent nothing/],
  ["nothing is done", { events: [] }, /nothing was done/],
  ["replicas never needed each other", { replicas: {} }, /passed on/],
] as const)("fails where %s", (_what, change, problem) => {
  const report = { ...clean, ...change };
  expect(findProblems(report).join()).toMatch(problem);
  expect(formatChaos(report)).toMatch(/FAILED: /);
});

it(
  "F-077 loses no call while replicas, sidecars and the API server go away under load",
  { timeout: 240_000 },
  async () => {
    const report = await runChaos(plans.quick, () => undefined);
    expect(findProblems(report), formatChaos(report)).toEqual([]);
    // Each kill leaves sessions behind, and a session begins anew only where nobody could take it over.
    expect(report.replicas["sessions taken over"]).toBeGreaterThan(0);
    expect(report.clients["legacy"]?.done["sessions begun"]).toBe(plans.quick.clients);
  },
);
