/** The truth table of opting in: labels of pod and namespace against entry, action and reason, through the selectors. */
import { describe, expect, it } from "vitest";
import { admit } from "./admission.ts";
import { defaultConfig } from "./config.ts";
import { scopes } from "./outcome.ts";
import { entries, selectEntry } from "./registration.ts";

type Outcome = readonly [entry: string, reason: string];

const notCalled: Outcome = ["-", "-"];
const perPod = (reason: string): Outcome => ["/mutate/pod", reason];
const perNamespace = (reason: string): Outcome => ["/mutate/namespace", reason];
const enforced = (reason: string): Outcome => ["/mutate/enforced", reason];

/** pod label, namespace label, enforce label, what happens in an ordinary namespace to an ordinary pod. */
const table: readonly (readonly [string, string, string, Outcome])[] = [
  ["none", "none", "none", notCalled],
  ["none", "enabled", "none", perNamespace("Injected")],
  ["none", "disabled", "none", notCalled],
  ["enabled", "none", "none", perPod("Injected")],
  ["enabled", "enabled", "none", perNamespace("Injected")],
  ["enabled", "disabled", "none", perPod("Injected")],
  ["disabled", "none", "none", notCalled],
  ["disabled", "enabled", "none", notCalled],
  ["disabled", "disabled", "none", notCalled],
  ["true", "none", "none", perPod("InvalidInjectValue")],
  ["true", "enabled", "none", perNamespace("InvalidInjectValue")],
  ["true", "disabled", "none", perPod("InvalidInjectValue")],
  ["none", "none", "required", enforced("Injected")],
  ["none", "enabled", "required", enforced("Injected")],
  ["none", "disabled", "required", enforced("Injected")],
  ["enabled", "none", "required", enforced("Injected")],
  ["enabled", "enabled", "required", enforced("Injected")],
  ["enabled", "disabled", "required", enforced("Injected")],
  ["disabled", "none", "required", enforced("OptOutRefused")],
  ["disabled", "enabled", "required", enforced("OptOutRefused")],
  ["disabled", "disabled", "required", enforced("OptOutRefused")],
  ["true", "none", "required", enforced("InvalidInjectValue")],
  ["true", "enabled", "required", enforced("InvalidInjectValue")],
  ["true", "disabled", "required", enforced("InvalidInjectValue")],
];

const circumstances = [
  { mirror: false, system: false },
  { mirror: true, system: false },
  { mirror: false, system: true },
  { mirror: true, system: true },
];

const labelsOf = (pairs: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(pairs).filter(([, value]) => value !== "none"));

function decideRow(row: (typeof table)[number], { mirror, system }: (typeof circumstances)[number]): Outcome {
  const [podLabel, namespaceLabel, enforceLabel] = row;
  const labels = labelsOf({ "outrigger.dev/inject": podLabel });
  const facts = {
    labels: labelsOf({ "outrigger.dev/inject": namespaceLabel, "outrigger.dev/enforce": enforceLabel }),
    annotations: {},
  };
  const entry = selectEntry(labels, facts.labels);
  if (entry === undefined) return notCalled;
  const admission = admit(
    {
      scope: entry.scope,
      operation: "CREATE",
      kind: { group: "", version: "v1", kind: "Pod" },
      subResource: "",
      namespace: system ? "kube-system" : "tools",
      userGroups: mirror ? ["system:nodes"] : [],
      pod: {
        metadata: { name: "search", labels, annotations: mirror ? { "kubernetes.io/config.mirror": "1" } : {} },
        spec: { containers: [{ name: "app", image: "x", ports: [{ containerPort: 8080 }] }] },
      },
    },
    { namespace: facts, installation: {} },
    defaultConfig,
  );
  return [entry.path, admission.reason];
}

describe("opting in", () => {
  it.each(table)("F-018 pod %s, namespace %s, enforce %s gives %s", (...row) => {
    for (const circumstance of circumstances) {
      const [path, reason] = row[3];
      const overridden = circumstance.mirror ? "MirrorPod" : circumstance.system ? "SystemNamespace" : reason;
      expect(decideRow(row, circumstance)).toEqual([path, path === "-" ? "-" : overridden]);
    }
  });

  it("leaves an opted-out pod alone on every path but the enforced one", () => {
    const reasons = scopes.map((scope) => {
      const labels = { "outrigger.dev/inject": "disabled" };
      const pod = { metadata: { labels }, spec: { containers: [{ name: "app" }] } };
      const kind = { group: "", version: "v1", kind: "Pod" };
      const request = { scope, operation: "CREATE", kind, subResource: "", namespace: "tools", userGroups: [], pod };
      return admit(request, { namespace: { labels: {}, annotations: {} }, installation: {} }, defaultConfig).reason;
    });
    expect(reasons).toEqual(["OptedOut", "OptedOut", "OptOutRefused"]);
  });

  it("never lets two entries select one pod", () => {
    for (const [podLabel, namespaceLabel, enforceLabel] of table) {
      const pod = labelsOf({ "outrigger.dev/inject": podLabel });
      const namespace = labelsOf({ "outrigger.dev/inject": namespaceLabel, "outrigger.dev/enforce": enforceLabel });
      const first = selectEntry(pod, namespace);
      const others = entries.filter((entry) => entry !== first && selects(entry, pod, namespace));
      expect(others).toEqual([]);
    }
  });
});

/** A second reading of the selectors, independent of the order in which {@link selectEntry} asks. */
function selects(
  entry: (typeof entries)[number],
  pod: Record<string, string>,
  namespace: Record<string, string>,
): boolean {
  const holds = (labels: Record<string, string>) => (term: (typeof entry.objectSelector)[number]) => {
    const value = labels[term.key];
    switch (term.operator) {
      case "Exists":
        return value !== undefined;
      case "In":
        return value !== undefined && (term.values ?? []).includes(value);
      case "NotIn":
        return value === undefined || !(term.values ?? []).includes(value);
    }
  };
  return entry.namespaceSelector.every(holds(namespace)) && entry.objectSelector.every(holds(pod));
}
