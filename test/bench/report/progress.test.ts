import { stripVTControlCharacters } from "node:util";
import { describe, expect, it } from "vitest";
import { listBars } from "../sidecar/bars.ts";
import type { Attempt, Outcome } from "../run-cases.ts";
import type { CaseResult } from "../sidecar/plan.ts";
import { createTally } from "../sidecar/tally.ts";
import { createBenchProgress } from "./progress.ts";

const attempt = (name: string, expectedSeconds: number, isAgain = false): Attempt => ({
  name,
  isAgain,
  expectedSeconds,
});
const [call, peers] = [attempt("call-300B", 70), attempt("peers", 200)];
const figure = { med: 0.8, min: 0.79, max: 0.81, clean: true };
const found = (figures: CaseResult["figures"], notes: readonly string[] = []): CaseResult => ({
  rows: [],
  figures,
  notes,
});
const bar = listBars([]).filter(({ figure: name }) => name === "call_300B_vs_bare");
const missed: Outcome = {
  result: found({ call_300B_vs_bare: figure }),
  bars: bar.map((each) => ({ bar: each, figure, verdict: "missed" })),
  isTriedAgain: true,
};
const left: Outcome = {
  result: found({ ours_vs_theirs: figure }, ["left out somebody"]),
  bars: [],
  isTriedAgain: true,
};
const soFar = createTally([]).report();

/** Tells of a run of two cases to an output of that kind; the clock stands where `atSeconds` puts it. */
function tell(output: { readonly isTerminal: boolean; readonly columns: number }) {
  const written: string[] = [];
  let seconds = 0;
  const progress = createBenchProgress({ ...output, write: (text) => written.push(text) }, () => seconds * 1_000);
  progress.onProgress("bundling");
  progress.onTries([call, peers]);
  progress.onBegin(call);
  progress.onProgress("call-300B: round 3 of 7");
  seconds = 140;
  progress.onEnd(call, missed, soFar);
  progress.onBegin(peers);
  progress.onEnd(peers, left, soFar);
  progress.onTries([{ ...call, isAgain: true }]);
  progress.onBegin({ ...call, isAgain: true });
  progress.onEnd({ ...call, isAgain: true }, { ...missed, isTriedAgain: false }, soFar);
  progress.clear();
  return written;
}

const question = "P1 capacity, call of 300 B, of the bare passthrough: 0.80 (0.79-0.81)x, bar >= 0.85x, missed";

describe("what is told of a run", () => {
  it("is a line as each case begins and ends, with its bars, where nobody looks", () => {
    expect(tell({ isTerminal: false, columns: 80 }).join("")).toBe(
      [
        "[1 of 2] call-300B begins, about 5 min left",
        "[1 of 2] call-300B took 2 min 20 s",
        `    ${question}, is tried again`,
        "[2 of 2] peers begins, about 7 min left",
        "[2 of 2] peers took 0 s",
        "    ours_vs_theirs: 0.80 (0.79-0.81)x",
        "    left out somebody",
        "second tries: call-300B",
        "[1 of 1] call-300B begins, less than a minute left",
        "[1 of 1] call-300B took 0 s",
        `    ${question}`,
        "",
      ].join("\n"),
    );
  });

  it("is one line that changes on a terminal, and a line for what has ended", () => {
    const written = tell({ isTerminal: true, columns: 200 });
    expect(written.slice(0, 5)).toEqual([
      "\r\u001b[Kbundling",
      "\r\u001b[Kcase 1 of 2, call-300B, about 5 min left",
      "\r\u001b[Kcase 1 of 2, call-300B: round 3 of 7, about 5 min left",
      "\r\u001b[K[1 of 2] call-300B took 2 min 20 s\n",
      `\r\u001b[K    ${question}, is tried again\n`,
    ]);
  });

  it("never fills the line that changes: a terminal would go on to the next and keep it", () => {
    const changing = tell({ isTerminal: true, columns: 20 }).filter((text) => !text.endsWith("\n"));
    expect(changing.map((text) => stripVTControlCharacters(text).trim().length).every((length) => length < 20)).toBe(
      true,
    );
    expect(changing).toContain("\r\u001b[Kcase 1 of 2, call-3");
    expect(changing.at(-1)).toBe("\r\u001b[K");
    expect(tell({ isTerminal: true, columns: 0 })[1]).toBe("\r\u001b[Kcase 1 of 2, call-300B, about 5 min left");
  });
});
