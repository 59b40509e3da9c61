/** Rights: each verb has its reason, and none goes further than the program needs. */
import { describe, expect, it } from "vitest";
import { readChartCases } from "./golden.ts";
import { parseObjects, renderManifest } from "./render.ts";

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

const manifests = await Promise.all(
  readChartCases().map(async ({ name, values }) => ({ name, manifest: await renderManifest({ values }) })),
);

const roles = manifests.flatMap(({ name, manifest }) =>
  parseObjects(manifest)
    .filter(({ kind }) => kind === "Role" || kind === "ClusterRole")
    .map((role) => ({ name: `${role.kind} ${role.metadata.name} of ${name}`, role, rules: role["rules"] as Rule[] })),
);

/** The rules of a manifest as text: the comment above each, and its verbs. */
function listCommentedRules(manifest: string): { comment: string; verbs: string[] }[] {
  const pattern = /((?: +# .*\n)*) +- apiGroups: .*\n(?: +resource.*\n)+ +verbs: \[(.*)\]/g;
  return [...manifest.matchAll(pattern)].map(([, comment = "", verbs = ""]) => ({ comment, verbs: verbs.split(", ") }));
}

describe("rights", () => {
  it.each(manifests)("of case $name carry the reason of each verb (F-153)", ({ manifest }) => {
    const rules = listCommentedRules(manifest);
    const rendered = roles.filter(({ name }) => name.endsWith("of default")).flatMap((each) => each.rules);
    expect(rules.length).toBeGreaterThan(0);
    if (manifest === manifests.find(({ name }) => name === "default")?.manifest)
      expect(rules).toHaveLength(rendered.length);
    for (const { comment, verbs } of rules) {
      const told = [...comment.matchAll(/# ([a-z, ]+):/g)].flatMap(([, list = ""]) => list.split(", "));
      expect(told.sort()).toEqual([...verbs].sort());
    }
  });

  it.each(roles)("in $name hold no wildcard, no exec, no escalation", ({ rules }) => {
    for (const rule of rules) {
      expect([...rule.apiGroups, ...rule.resources, ...rule.verbs]).not.toContain("*");
      expect(rule.resources.join()).not.toMatch(/exec|attach|portforward|proxy|token|roles/);
      expect(rule.verbs.join()).not.toMatch(/deletecollection|impersonate|escalate|bind/);
    }
  });

  it.each(roles)("in $name reach Secrets by name alone, and in the release's namespace alone", ({ role, rules }) => {
    for (const rule of rules.filter(({ resources }) => resources.includes("secrets"))) {
      expect(role).toMatchObject({ kind: "Role", metadata: { namespace: "outrigger-system" } });
      // A name can't be required of something that is created.
      if (rule.verbs.join() !== "create") expect(rule.resourceNames?.length).toBeGreaterThan(0);
    }
  });

  it("of the aggregator are to find pods (F-153)", () => {
    const own = roles.filter(({ role }) => role.metadata.name.endsWith("-aggregator")).map(({ rules }) => rules);
    for (const rules of own)
      expect(rules).toEqual([{ apiGroups: [""], resources: ["pods"], verbs: ["list", "watch"] }]);
  });

  it("end at the named namespaces where some are named", () => {
    const { manifest } = manifests.find(({ name }) => name === "namespaces")!;
    const objects = parseObjects(manifest).filter(({ kind }) => /Role/.test(kind));
    expect(objects.map(({ kind, metadata }) => `${kind} ${metadata.namespace ?? ""}`).sort()).toEqual(
      ["Role search", "Role tools", "RoleBinding search", "RoleBinding tools"].sort(),
    );
  });

  it("are nobody's where the chart makes none", async () => {
    const objects = parseObjects(await renderManifest({ values: { rbac: { create: false } } }));
    expect(objects.filter(({ kind }) => /Role/.test(kind))).toEqual([]);
  });
});
