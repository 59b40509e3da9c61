/** The chart gives each program exactly what its list of needed rights says: neither is changed without the other. */
import { describe, expect, it } from "vitest";
import { listNeededRights, type NeededRight, type Program } from "@outrigger/api/rights";
import { readChartCases } from "./golden.ts";
import { renderObjects, type RenderedObject } from "./render.ts";

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

interface PodSpec {
  readonly serviceAccountName: string;
  readonly containers: readonly [{ readonly env: readonly { readonly name: string; readonly value?: string }[] }];
}

const own = "outrigger-system";
const programs = ["webhook", "operator", "aggregator"] as const;
const everywhere = "all namespaces";

const cases = await Promise.all(
  readChartCases().map(async ({ name, values }) => ({ name, objects: await renderObjects(values) })),
);

/** `verb group/resource [name] @ place`. */
const spell = (right: Pick<NeededRight, "verb" | "group" | "resource" | "namespace" | "name">): string =>
  `${right.verb} ${right.group}/${right.resource} [${right.name ?? ""}] @ ${right.namespace ?? everywhere}`;

function findSpec(objects: readonly RenderedObject[], program: Program): PodSpec | undefined {
  const deployment = objects.find(
    ({ kind, metadata }) => kind === "Deployment" && metadata.labels?.["app.kubernetes.io/component"] === program,
  );
  return (deployment?.["spec"] as { template: { spec: PodSpec } } | undefined)?.template.spec;
}

function readVariables(spec: PodSpec | undefined): Record<string, string> {
  const env = spec?.containers[0].env ?? [];
  return Object.fromEntries(env.map(({ name, value = "" }) => [name, value]));
}

function listNeeded(objects: readonly RenderedObject[], program: Program): readonly string[] {
  const spec = findSpec(objects, program);
  if (spec === undefined) return [];
  // The webhook is limited as the operator is; it is told by no variable of its own.
  const limits = readVariables(program === "aggregator" ? spec : findSpec(objects, "operator"))["OUTRIGGER_NAMESPACES"];
  const limitedTo = limits === undefined ? [] : limits.split(",");
  return listNeededRights({ program, variables: readVariables(spec), own, limitedTo })
    .map(spell)
    .sort();
}

function listGranted(objects: readonly RenderedObject[], account: string): readonly string[] {
  const bindings = objects.filter(
    ({ kind, subjects = [] }) =>
      /Binding$/.test(kind) && !kind.startsWith("Validating") && (subjects as { name: string }[])[0]?.name === account,
  );
  const granted = bindings.flatMap(({ roleRef, metadata }) => {
    const { kind, name } = roleRef as { kind: string; name: string };
    const role = objects.find(
      (object) =>
        object.kind === kind &&
        object.metadata.name === name &&
        (kind === "ClusterRole" || object.metadata.namespace === metadata.namespace),
    );
    return ((role?.["rules"] ?? []) as Rule[]).flatMap((rule) => spellRule(rule, metadata.namespace));
  });
  return granted.sort();
}

function spellRule(rule: Rule, namespace: string | undefined): readonly string[] {
  const names = rule.resourceNames ?? [undefined];
  return rule.apiGroups.flatMap((group) =>
    rule.resources.flatMap((resource) =>
      rule.verbs.flatMap((verb) =>
        names.map((name) =>
          spell({
            verb,
            group,
            resource,
            ...(namespace === undefined ? {} : { namespace }),
            ...(name === undefined ? {} : { name }),
          }),
        ),
      ),
    ),
  );
}

describe("F-187 what each program needs to be allowed", () => {
  it.each(cases.flatMap(({ name, objects }) => programs.map((program) => ({ name, objects, program }))))(
    "is what the chart gives the $program in case $name",
    ({ objects, program }) => {
      const spec = findSpec(objects, program);
      expect(listNeeded(objects, program)).toEqual(listGranted(objects, spec?.serviceAccountName ?? ""));
    },
  );

  it("is compared for every program, and is never empty where it is made", () => {
    const { objects } = cases.find(({ name }) => name === "default")!;
    for (const program of programs) expect(listNeeded(objects, program).length, program).toBeGreaterThan(1);
  });
});
