import { describe, expect, it } from "vitest";
import { readBenchOptions, usage } from "./options.ts";

const cases = ["startup", "call-300B", "denied", "latency", "micro", "streams", "limited", "list-20-filtered", "peers"];
const read = (...args: readonly string[]) => readBenchOptions(args, cases);
const planOf = (...args: readonly string[]) => {
  const options = read(...args);
  if (!options.ok) return options.problem;
  return options.options === "help" ? "help" : options.options.plan;
};

describe("the command line of the benchmark", () => {
  it("measures everything in full where nothing is said", () => {
    expect(read()).toMatchObject({ ok: true, options: { subject: "sidecar", output: "text", check: false } });
    expect(planOf("sidecar")).toMatchObject({ seconds: 2, tries: 2, cases, streams: [1_000, 5_000] });
  });

  it("measures what swings more often than what it judges, and that more often than what it does not judge", () => {
    expect(planOf("sidecar")).toMatchObject({ rounds: 5, sdkRounds: 7, unbarredRounds: 3 });
    expect(planOf("--rounds", "2")).toMatchObject({ rounds: 2, sdkRounds: 2, unbarredRounds: 2 });
  });

  it("says how it is used where that is asked for, whatever else is", () => {
    expect(planOf("--help", "--quick", "nothing")).toBe("help");
    for (const option of [
      "--quick",
      "--case C",
      "--rounds N",
      "--secs S",
      "--check",
      "--write",
      "--json",
      "--any-node",
    ])
      expect(usage(cases)).toContain(`\n  ${option} `);
    expect(usage(cases)).toContain("startup, call-300B, denied");
  });

  it("takes less of each where it is to be quick, one try where no bar is checked", () => {
    expect(planOf("sidecar", "--quick")).toMatchObject({ rounds: 3, seconds: 1, tries: 1, streams: [1_000] });
    expect(planOf("sidecar", "--quick", "--check")).toMatchObject({ tries: 2 });
    expect(planOf("sidecar", "--quick")).not.toHaveProperty("cases", expect.arrayContaining(["peers"]));
  });

  it("takes cases, rounds and seconds by name", () => {
    const args = ["--case", "denied", "--case", "peers", "--rounds", "4", "--secs", "0.5"];
    expect(planOf(...args)).toMatchObject({ cases: ["denied", "peers"], rounds: 4, seconds: 0.5 });
    expect(planOf("--seconds", "3")).toMatchObject({ seconds: 3 });
  });

  it.each([
    [["webhook"], 'no benchmark "webhook"'],
    [["sidecar", "cluster"], "one benchmark at a time"],
    [["--rounds", "1.5"], "--rounds: expected a whole number"],
    [["--rounds", "0"], "--rounds: expected a whole number"],
    [["--secs", "x"], "--secs: expected a number"],
    [["--case", "nothing"], "no case nothing; there are: startup"],
    [["--write", "--quick"], "--write needs the whole benchmark"],
    [["--write", "--case", "denied"], "--write needs the whole benchmark"],
    [["--fast"], "--fast"],
  ])("refuses %j", (args, why) => {
    expect(planOf(...args)).toContain(why);
  });
});
