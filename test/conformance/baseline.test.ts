/** Shows what a baseline notices, and that the committed one says what the project promises. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import { createBaseline, findRegressions, parseBaseline, readBaseline, writeBaseline } from "./baseline.ts";
import type { Measurement } from "./compare.ts";
import type { Check } from "./results.ts";
import { makeTestFolder } from "../fixtures/temporary-folder.ts";

function measured(version: string, passing: string[], failing: string[] = []): Measurement {
  const entries: [string, Check[]][] = [
    ...passing.map((name) => one(name, "SUCCESS")),
    ...failing.map((name) => one(name, "FAILURE")),
  ];
  return { version, scored: [...passing, ...failing], direct: new Map(entries) };
}

function one(name: string, status: Check["status"]): [string, Check[]] {
  return [name, [{ id: name, status }]];
}

describe("findRegressions", () => {
  const baseline = createBaseline([measured("v1", ["a", "b"]), measured("v2", ["c"])]);

  it("finds nothing when everything passes as before", () => {
    expect(findRegressions(baseline, [measured("v1", ["a", "b"]), measured("v2", ["c"])])).toEqual([]);
  });

  it("names what fails now and passed before, with its version", () => {
    expect(findRegressions(baseline, [measured("v1", ["b"], ["a"]), measured("v2", ["c"])])).toEqual(["v1: a"]);
  });

  it("names a scenario that the suite no longer has", () => {
    expect(findRegressions(baseline, [measured("v2", ["d"])])).toEqual(["v2: c"]);
  });

  it("allows what is better than the baseline, and a version that it does not know", () => {
    expect(findRegressions(baseline, [measured("v1", ["a", "b", "z"]), measured("v3", [], ["q"])])).toEqual([]);
  });
});

describe("the baseline file", () => {
  it("comes back as it was written", async () => {
    const file = pathToFileURL(join(makeTestFolder("baseline"), "baseline.json"));
    const baseline = createBaseline([measured("v1", ["b", "a"], ["c"])]);
    await writeBaseline(file, baseline);
    expect(await readBaseline(file)).toEqual({ v1: ["a", "b"] });
    await writeFile(file, "{");
    await expect(readBaseline(file)).rejects.toThrow("damaged");
  });

  it.each(["", "[]", "null", '{"v1":"a"}', '{"v1":[1]}'])("refuses %j", (text) => {
    expect(parseBaseline(text)).toEqual({ ok: false, error: "NotABaseline" });
  });

  it("that is committed says that the fixture passes all scored scenarios", async () => {
    const committed = await readBaseline(new URL("baseline.json", import.meta.url));
    const counts = Object.entries(committed).map(([version, names]) => [version, names.length]);
    expect(Object.fromEntries(counts)).toEqual({
      "2024-11-05-own": 41,
      "2025-03-26-own": 42,
      "2025-03-26": 1,
      "2025-06-18": 27,
      "2025-11-25": 30,
      "2026-07-28": 37,
      legacy: 32,
    });
  });
});
