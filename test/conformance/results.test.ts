/** Shows how the suites' output is read. */
import { describe, expect, it } from "vitest";
import { isPassed, parseChecks, parseFolderName, parseScenarioList, type CheckStatus } from "./results.ts";

describe("isPassed", () => {
  it.each<{ statuses: CheckStatus[]; passed: boolean }>([
    { statuses: ["SUCCESS", "INFO"], passed: true },
    { statuses: ["WARNING"], passed: true },
    { statuses: ["SUCCESS", "FAILURE"], passed: false },
    { statuses: ["SKIPPED", "INFO"], passed: false },
    { statuses: [], passed: false },
  ])("says $passed of $statuses", ({ statuses, passed }) => {
    expect(isPassed(statuses.map((status) => ({ id: "x", status })))).toBe(passed);
  });

  it("says false of a scenario without results", () => {
    expect(isPassed(undefined)).toBe(false);
  });
});

describe("parseScenarioList", () => {
  it("takes the names of the server section only", () => {
    const output = [
      "Required for a revision:",
      "",
      "Server scenarios (test against a server):",
      "  - ping [2025-11-25]",
      "  - tools-list",
      "",
      "Client scenarios (test against a client):",
      "  - initialize",
      "",
    ].join("\n");
    expect(parseScenarioList(output)).toEqual(["ping", "tools-list"]);
  });

  it("finds nothing where there is no server section", () => {
    expect(parseScenarioList("Client scenarios:\n  - initialize\n")).toEqual([]);
  });
});

describe("parseFolderName", () => {
  it("cuts the prefix once and the time", () => {
    expect(parseFolderName("server-server-initialize-2026-01-02T03-04-05-678Z")).toBe("server-initialize");
    expect(parseFolderName("server-json-schema-2020-12-2026-01-02T03-04-05-678Z")).toBe("json-schema-2020-12");
  });

  it("refuses a folder of another form", () => {
    expect(parseFolderName("client-initialize-2026-01-02T03-04-05-678Z")).toBeUndefined();
    expect(parseFolderName("server-ping")).toBeUndefined();
  });
});

describe("parseChecks", () => {
  it("reads an array of checks", () => {
    expect(parseChecks('[{"id":"x","status":"SUCCESS","name":"X"}]')).toMatchObject({ ok: true, value: [{ id: "x" }] });
  });

  it.each(["[", "{}", "[1]", '[{"id":"x"}]'])("refuses %s", (text) => {
    expect(parseChecks(text)).toEqual({ ok: false, error: "NotChecks" });
  });
});
