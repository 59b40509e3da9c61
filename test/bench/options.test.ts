import { describe, expect, it } from "vitest";
import { readBenchOptions, usage } from "./options.ts";

const cases = ["startup", "call-300B", "denied", "latency", "micro", "streams", "limited", "list-20-filtered", "peers"];
const caseNames = { sidecar: cases, webhook: ["decision", "burst"], aggregator: ["throughput", "list", "peers"] };
const read = (...args: readonly string[]) => readBenchOptions(args, caseNames);
const planOf = (...args: readonly string[]) => {
  const options = read(...args);
  if (!options.ok) return options.problem;
  if (options.options === "help") return "help";
  return "plan" in options.options ? options.options.plan : "no plan";
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
      expect(usage(caseNames)).toContain(`\n  ${option} `);
    expect(usage(caseNames)).toContain("of the sidecar: startup, call-300B, denied");
    expect(usage(caseNames)).toContain("of the webhook: decision, burst");
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

  it("has the webhook's own cases and numbers, and a number of rounds for all of them", () => {
    expect(planOf("webhook")).toMatchObject({ cases: ["decision", "burst"], burstPods: 1_000, memoryReviews: 100_000 });
    expect(planOf("webhook", "--quick")).toMatchObject({ rounds: 3, burstPods: 200, tries: 1 });
    expect(planOf("webhook", "--case", "burst", "--rounds", "2")).toMatchObject({ cases: ["burst"], rounds: 2 });
    expect(planOf("cluster", "--quick")).toBe("no plan");
  });

  it("has the aggregator's own cases and numbers, with other people's products only for who asks for them", () => {
    expect(planOf("aggregator", "--quick")).toMatchObject({ rounds: 3, discoveries: 1, tries: 1 });
    expect(planOf("aggregator")).toMatchObject({ cases: expect.not.arrayContaining(["peers"]) as unknown, tries: 2 });
    expect(planOf("aggregator", "--peers")).toMatchObject({ cases: ["throughput", "list", "peers"] });
    expect(planOf("aggregator", "--case", "list")).toMatchObject({ cases: ["list"] });
    expect(planOf("aggregator", "--case", "burst")).toContain("no case burst");
    expect(read("aggregator", "--write")).toMatchObject({ ok: true, options: { write: true } });
  });

  it.each([
    [["operator"], 'no benchmark "operator"; there are: sidecar, webhook, aggregator, cluster'],
    [["webhook", "--case", "denied"], "no case denied; there are: decision, burst"],
    [["webhook", "--write", "--quick"], "--write needs the whole benchmark"],
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
