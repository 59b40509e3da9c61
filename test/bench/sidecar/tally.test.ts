import { describe, expect, it } from "vitest";
import type { Figure } from "../stats/rounds.ts";
import { listBars } from "./bars.ts";
import type { CaseResult, ResultRow } from "./plan.ts";
import { createTally } from "./tally.ts";

const figure = (med: number): Figure => ({ med, min: med - 0.01, max: med + 0.01, clean: true });
const row = (subject: string): ResultRow => ({ bench: "throughput", case: "denied", subject, rounds: 5, clean: true });
const found = (figures: CaseResult["figures"], subjects: readonly string[] = ["sidecar"]): CaseResult => ({
  rows: subjects.map(row),
  figures,
  notes: [],
});
const nothing: CaseResult = { rows: [], figures: {}, notes: ["denied was not measured: why"] };
const bars = listBars([]).filter(({ case: name }) => name === "denied" || name === "limited");
const tally = () => createTally(bars);
const verdicts = (all: readonly { readonly bar: { readonly figure: string }; readonly verdict: string }[]) =>
  Object.fromEntries(all.map(({ bar, verdict }) => [bar.figure, verdict]));

describe("what a run has found", () => {
  it("has the bars of the cases that were tried, and no others", () => {
    const one = tally();
    expect(one.report()).toMatchObject({ bars: [], measured: 0 });
    expect(
      verdicts(one.add("denied", found({ denied_vs_bare: figure(1), denied_calls_at_server: figure(-1) }))),
    ).toEqual({ denied_vs_bare: "missed", denied_calls_at_server: "met" });
    expect(one.report().measured).toBe(1);
    expect(verdicts(one.report().bars)).toEqual({ denied_vs_bare: "inconclusive", denied_calls_at_server: "met" });
  });

  it("tries again what was not met, which stands by its last figure; what was met stands by the one that met it", () => {
    const one = tally();
    one.add("denied", found({ denied_vs_bare: figure(1), denied_calls_at_server: figure(-1) }));
    expect(one.unmet("denied").map(({ figure: name }) => name)).toEqual(["denied_vs_bare"]);
    expect(
      verdicts(one.add("denied", found({ denied_vs_bare: figure(1.1), denied_calls_at_server: figure(9) }))),
    ).toEqual({ denied_vs_bare: "missed" });
    expect(verdicts(one.report().bars)).toEqual({ denied_vs_bare: "missed", denied_calls_at_server: "met" });
    expect(one.report().figures).toEqual({ denied_vs_bare: figure(1.1), denied_calls_at_server: figure(-1) });
  });

  it("keeps the rows of both tries apart", () => {
    const one = tally();
    one.add("denied", found({}, ["bare", "sidecar"]));
    one.add("denied", found({}));
    expect(one.report().rows.map(({ subject, isAgain }) => [subject, isAgain])).toEqual([
      ["bare", undefined],
      ["sidecar", undefined],
      ["sidecar", true],
    ]);
  });

  it("names a case as failed that no try could measure", () => {
    const one = tally();
    one.add("denied", nothing);
    expect(one.report()).toMatchObject({ failed: ["denied"], notes: nothing.notes });
    expect(verdicts(one.report().bars)).toEqual({
      denied_vs_bare: "inconclusive",
      denied_calls_at_server: "inconclusive",
    });
    one.add("denied", found({ denied_vs_bare: figure(2) }));
    expect(one.report().failed).toEqual([]);
  });
});
