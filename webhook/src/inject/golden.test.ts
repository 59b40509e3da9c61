/** Every golden case, three times: as it is, on its own output, and on its output after another injector came by. */
import { env } from "node:process";
import { fileURLToPath } from "node:url";
import { sidecarName } from "@outrigger/api/containers";
import { Pod } from "kubernetes-models/v1/Pod";
import { describe, expect, it } from "vitest";
import { applyPatch } from "../fixtures/apply.ts";
import { readExpected, readGoldenCases, runCase } from "../fixtures/golden.ts";
import type { Operation } from "./outcome.ts";
import { isObject, readList, readMember, readText } from "./read/json.ts";

const cases = readGoldenCases(fileURLToPath(new URL("testdata", import.meta.url)));
const injected = cases.filter((each) => runCase(each).action === "inject");

/** Where a case has its sidecar. */
const listOf = ({ config }: (typeof cases)[number]): string =>
  config.sidecarKind === "native" ? "initContainers" : "containers";

/** What a later webhook might do: a container in front of the sidecar and one behind, an init container, a volume. */
function foreignTo(each: (typeof cases)[number], pod: unknown): readonly Operation[] {
  const hasInits = Array.isArray(readMember(readMember(pod, "spec"), "initContainers"));
  const image = "registry.example.com/late:1";
  return [
    ...(hasInits ? [] : [{ op: "add", path: "/spec/initContainers", value: [] } as const]),
    { op: "add", path: "/spec/initContainers/0", value: { name: "late-init", image } },
    ...(listOf(each) === "initContainers"
      ? []
      : [{ op: "add", path: "/spec/containers/0", value: { name: "late-first", image } } as const]),
    { op: "add", path: "/spec/containers/-", value: { name: "late-agent", image } },
    { op: "add", path: "/spec/volumes/-", value: { name: "late", emptyDir: {} } },
  ];
}

const patchOf = (each: (typeof cases)[number], pod: unknown): readonly Operation[] => {
  const admission = runCase(each, pod);
  if (admission.action !== "inject") throw new Error(`${each.name} is not injected: ${JSON.stringify(admission)}`);
  return admission.patch;
};
const once = (each: (typeof cases)[number]): unknown => applyPatch(each.request.pod, patchOf(each, each.request.pod));
const namesOf = (pod: unknown, list: string): (string | undefined)[] =>
  readList(readMember(pod, "spec"), list).map((item) => readText(item, "name"));

describe("golden cases", () => {
  it.each(cases)("$name comes out as reviewed", (each) => {
    const admission = runCase(each);
    const update = env["UPDATE_GOLDEN"] === undefined ? undefined : { with: admission };
    expect(JSON.parse(JSON.stringify(admission))).toEqual(readExpected(each, update));
  });

  it.each(injected)("F-020 $name is left alone by a second run", (each) => {
    expect(runCase(each, once(each))).toMatchObject({ action: "inject", reason: "AlreadyInjected", patch: [] });
  });

  it.each(injected)("F-020 $name is put right once after another injector and then left alone", (each) => {
    const disturbed = applyPatch(once(each), foreignTo(each, once(each)));
    const repaired = applyPatch(disturbed, patchOf(each, disturbed));
    expect(namesOf(repaired, listOf(each)).indexOf(sidecarName)).toBe(0);
    expect(namesOf(repaired, "initContainers")).toContain("late-init");
    expect(namesOf(repaired, "containers")).toContain("late-agent");
    expect(namesOf(repaired, "volumes")).toContain("late");
    expect(runCase(each, repaired)).toMatchObject({ reason: "AlreadyInjected", patch: [] });
  });

  it.each(injected)("F-020 $name is repaired after its sidecar was replaced", (each) => {
    const pod = once(each);
    const index = namesOf(pod, listOf(each)).indexOf(sidecarName);
    const spoofed = applyPatch(pod, [
      { op: "replace", path: `/spec/${listOf(each)}/${index}/image`, value: "registry.example.com/mine:1" },
    ]);
    expect(runCase(each, spoofed)).toMatchObject({ reason: "Reinjected" });
    expect(applyPatch(spoofed, patchOf(each, spoofed))).toEqual(pod);
  });

  it.each(injected.filter((each) => !each.name.startsWith("unknown-fields")))(
    "$name is a valid Pod for the schema of Kubernetes",
    (each) => {
      const pod = once(each);
      // The model checks the shape itself; that is what this test is for.
      const model = new Pod(isObject(pod) ? pod : {});
      expect(() => model.validate()).not.toThrow();
    },
  );

  it("checks pods by a schema that refuses what Kubernetes would refuse", () => {
    const wrong = { spec: { containers: [{ name: "app", ports: [{ containerPort: "http" }] }] } };
    // Wrong on purpose.
    expect(() => new Pod(wrong as object).validate()).toThrow();
  });

  it("has a case for every row of the decision table that a single pod can show", () => {
    const rows = new Set(cases.map((each) => /^row-(\d+)/.exec(each.name)?.[1]).filter((row) => row !== undefined));
    const shown = [
      "01",
      "02",
      "03",
      "04",
      "05",
      "06",
      "07",
      "08",
      "09",
      "10",
      "11",
      "12",
      "13",
      "14",
      "15",
      "16",
      "17",
      "18",
      "19",
      "20",
      "21",
      "23",
    ];
    expect([...rows].sort()).toEqual(shown);
  });
});
