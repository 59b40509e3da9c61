/** Every golden case of the webhook's decision table as an admission review: `outrigger explain` gives its reason and its row. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { denyCodes, injectReasons, skipReasons } from "@outrigger/webhook/inject";
import { afterAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { runProgram } from "../program.ts";
import { recordIo } from "../recorded-io.ts";
import type { Explanation } from "./explanation.ts";
import { denialRows, outcomeRows } from "./table.ts";

interface Settings {
  readonly scope: string;
  readonly namespace?: string;
  readonly namespaceAnnotations?: object;
  readonly operation?: string;
  readonly subResource?: string;
  readonly kind?: object;
  readonly userGroups?: readonly string[];
  readonly config?: object;
}

interface Case {
  readonly name: string;
  readonly settings: Settings;
  readonly pod: unknown;
  readonly expected: {
    readonly action: string;
    readonly reason: string;
    readonly problems?: readonly { reason: string }[];
  };
}

const folder = mkdtempSync(join(tmpdir(), "outrigger-explain-"));
afterAll(() => rmSync(folder, { recursive: true }));

const root = fileURLToPath(new URL("../../../webhook/src/inject/testdata", import.meta.url));
const readJson = (file: string): unknown => JSON.parse(readFileSync(file, "utf8"));
const cases = readdirSync(root)
  .map((name): Case => ({
    name,
    // Written by hand in the cases, in the form of the types.
    settings: readJson(join(root, name, "config.json")) as Settings,
    pod: parse(readFileSync(join(root, name, "input.yaml"), "utf8")),
    expected: readJson(join(root, name, "expected.json")) as Case["expected"],
  }))
  // What the webhook does before it has seen the cluster can't be said of a file.
  .filter(({ settings }) => !("namespaceUnknown" in settings) && !("trustUnknown" in settings));

/** Cases of what looks like a row and is none. */
const besideTheirRow = [
  "row-02-mirror-annotation-of-a-user",
  "row-07a-relay-with-own-options",
  "row-13-port-by-annotation-alone",
  "row-17-variable-already-right",
];

/** The document that API servers send for a case, with the namespace beside it. */
function writeReview({ settings, pod }: Case): string {
  const { namespace = "tools", namespaceAnnotations: annotations = {}, userGroups = [] } = settings;
  const { operation = "CREATE", subResource, kind = { group: "", version: "v1", kind: "Pod" } } = settings;
  const request = {
    uid: "1",
    operation,
    subResource,
    kind: { version: "v1", kind: "Pod", ...kind },
    namespace,
    object: pod,
  };
  return [
    { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace, annotations } },
    {
      apiVersion: "admission.k8s.io/v1",
      kind: "AdmissionReview",
      request: { ...request, userInfo: { groups: userGroups } },
    },
  ]
    .map((document) => `---\n${JSON.stringify(document)}\n`)
    .join("");
}

async function explainCase(
  each: Case,
): Promise<{ readonly exitCode: number | undefined; readonly result: Explanation }> {
  const { config = {}, scope } = each.settings;
  writeFileSync(join(folder, "injection.json"), JSON.stringify(config));
  const recorded = recordIo({ stdin: writeReview(each), cwd: folder });
  await runProgram(recorded.io, ["explain", "-f", "-", "--json", "--scope", scope, "--config", "injection.json"]);
  if (recorded.out() === "") throw new Error(recorded.err());
  const { objects } = JSON.parse(recorded.out()) as { objects: readonly [Explanation, Explanation] };
  return { exitCode: recorded.exitCode(), result: objects[1] };
}

describe("explaining the decision table", () => {
  it.each(cases)("$name: reason and row", async (each) => {
    const { expected } = each;
    const { result, exitCode } = await explainCase(each);
    expect(result.decision).toMatchObject({ action: expected.action, reason: expected.reason });
    const row = /^row-0*(\d+a?)-/.exec(each.name)?.[1];
    if (row !== undefined && !besideTheirRow.includes(each.name)) expect(result.decision.row).toBe(row);
    const isRefused = expected.action === "deny";
    expect(exitCode).toBe(isRefused ? 4 : 0);
    expect(result.problems.map(({ reason }) => reason)).toEqual((expected.problems ?? []).map(({ reason }) => reason));
    for (const { fix } of result.problems) expect(fix).toMatch(/^[a-z].*[^.]$/);
    expect(result.injection === undefined).toBe(expected.action !== "inject");
  });

  it("has a row for every reason, and for every denial what mends it", () => {
    expect(Object.keys(outcomeRows).sort()).toEqual([...skipReasons, ...injectReasons].sort());
    expect(Object.keys(denialRows).sort()).toEqual(Object.keys(denyCodes).sort());
  });
});
