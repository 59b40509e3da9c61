/** Rights: each verb has its reason, and none goes further than the program needs. */
import { describe, expect, it } from "vitest";
import { readChartCases } from "./golden.ts";
import { parseObjects, renderManifest, type RenderedObject } from "./render.ts";

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

/** Admission policies, or bindings, that are not about what the operator alone does. */
function isOfEverybody(kind: string, name: string): boolean {
  if (kind === "ValidatingAdmissionPolicy") return name.endsWith("-injection");
  return kind === "ValidatingAdmissionPolicyBinding" && /-(pods|namespaces|debug)$/.test(name);
}

/** How many entries each kind of webhook configuration has. */
const entriesOf: Readonly<Record<string, number>> = {
  MutatingWebhookConfiguration: 3,
  ValidatingWebhookConfiguration: 4,
};

/** The members of that name, wherever they are. */
function findAll(value: unknown, name: string): readonly unknown[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, member]) => (key === name ? [member] : findAll(member, name)));
}

/** The rules of a manifest as text: the comment above each, and its verbs. */
function listCommentedRules(manifest: string): { comment: string; verbs: string[] }[] {
  const pattern = /((?: +# .*\n)*) +- apiGroups: .*\n(?: +resource.*\n)+ +verbs: \[(.*)\]/g;
  return [...manifest.matchAll(pattern)].map(([, comment = "", verbs = ""]) => ({ comment, verbs: verbs.split(", ") }));
}

/** False for what is there while `helm test` runs, and at no other time. */
function isInstalled({ metadata }: RenderedObject): boolean {
  return metadata.annotations?.["helm.sh/hook"] === undefined;
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
      expect(rule.resources.join()).not.toMatch(/exec|attach|portforward|proxy|token(?!reviews)|roles/);
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

  it("of the aggregator are to find pods, and Services with their slices only where those are sources (F-153)", () => {
    const find = (group: string, resource: string): object => ({
      ...{ apiGroups: [group], resources: [resource], verbs: ["list", "watch"] },
    });
    const pods = find("", "pods");
    const own = roles.filter(({ role }) => role.metadata.name.endsWith("-aggregator"));
    for (const { name, rules } of own) {
      const services = [find("", "services"), find("discovery.k8s.io", "endpointslices")];
      expect([name, rules]).toEqual([name, name.includes("monitors") ? [pods, ...services] : [pods]]);
    }
  });

  it("of the aggregator on ConfigMaps are those that list servers, by their names, in a Role of each namespace (F-153)", () => {
    const lists = roles.filter(({ role }) => role.metadata.name.endsWith("-aggregator-lists"));
    const rule = (...resourceNames: readonly string[]): object => ({
      ...{ apiGroups: [""], resources: ["configmaps"], resourceNames },
      verbs: ["list", "watch"],
    });
    expect(lists.map(({ role, rules }) => [role.kind, role.metadata.namespace, rules])).toEqual([
      ["Role", "partners", [rule("servers", "more")]],
      ["Role", "vendors", [rule("list.v2")]],
    ]);
    const { manifest } = manifests.find(({ name }) => name === "monitors")!;
    const bindings = parseObjects(manifest).filter(
      ({ kind, metadata }) => kind === "RoleBinding" && metadata.name.endsWith("-aggregator-lists"),
    );
    expect(bindings.map(({ metadata, roleRef, subjects }) => [metadata.namespace, roleRef, subjects])).toEqual(
      ["partners", "vendors"].map((namespace) => [
        namespace,
        { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "outrigger-aggregator-lists" },
        [{ kind: "ServiceAccount", name: "outrigger-aggregator", namespace: "outrigger-system" }],
      ]),
    );
  });

  it("of the aggregator in the release's namespace are to find servers that sleep, where there may be some", () => {
    const own = roles.filter(({ role }) => role.metadata.name.endsWith("-aggregator-asleep"));
    const sleeping = manifests.filter(({ name }) => name !== "without-operator");
    expect(own).toHaveLength(sleeping.length);
    for (const { role, rules } of own) {
      expect(role).toMatchObject({ kind: "Role", metadata: { namespace: "outrigger-system" } });
      expect(rules).toEqual([{ apiGroups: [""], resources: ["configmaps"], verbs: ["list", "watch"] }]);
    }
  });

  it("of the operator over workloads are to look, and to scale where servers may sleep", async () => {
    const ofWorkloads = (rules: readonly Rule[]): readonly Rule[] =>
      rules.filter(({ resources }) => /deployments|statefulsets/.test(resources.join()));
    const { rules } = roles.find(({ name }) => name === "ClusterRole outrigger-operator of default")!;
    expect(ofWorkloads(rules)).toEqual([
      { apiGroups: ["apps"], resources: ["deployments", "statefulsets"], verbs: ["get", "list", "watch"] },
      { apiGroups: ["apps"], resources: ["deployments/scale", "statefulsets/scale"], verbs: ["get", "patch"] },
    ]);
    const without = parseObjects(await renderManifest({ values: { sleep: { enabled: false } } }));
    const ofOperator = without.filter(({ metadata }) => metadata.name.includes("operator"));
    expect(ofOperator.flatMap(({ rules: all = [] }) => ofWorkloads(all as Rule[]))).toEqual([]);
    expect(JSON.stringify(without)).not.toMatch(/WAKE|ASLEEP|-wake|-asleep|admission-sleep/);
  });

  it("of the operator in a namespace are those that it else has in all, but for namespaces it may only get that one", () => {
    const rulesOf = (name: string): readonly Rule[] => roles.find((each) => each.name === name)?.rules ?? [];
    const [ofNamespace, ...limited] = rulesOf("Role outrigger-operator of namespaces");
    const everywhere = rulesOf("ClusterRole outrigger-operator of cert-manager");
    expect(ofNamespace).toEqual({ apiGroups: [""], resources: ["namespaces"], verbs: ["get"] });
    expect(limited.length).toBeGreaterThan(4);
    expect(everywhere).toEqual(expect.arrayContaining(limited));
    expect(everywhere).toHaveLength(limited.length + 1);
  });

  it("end at the named namespaces where some are named", () => {
    const { manifest } = manifests.find(({ name }) => name === "namespaces")!;
    const objects = parseObjects(manifest).filter((object) => /Role/.test(object.kind) && isInstalled(object));
    const own = ["operator", "webhook", "aggregator-asleep", "aggregator-peers"].map(
      (name) => `outrigger-system outrigger-${name}`,
    );
    const named = ["aggregator", "operator", "webhook"].flatMap((program) =>
      ["search", "tools"].map((namespace) => `${namespace} outrigger-${program}`),
    );
    const expected = [...own, ...named].flatMap((place) => [`Role ${place}`, `RoleBinding ${place}`]);
    expect(objects.map(({ kind, metadata }) => `${kind} ${metadata.namespace ?? ""} ${metadata.name}`).sort()).toEqual(
      expected.sort(),
    );
  });

  it("are the aggregator's alone where there is no operator: nothing else is to be read", () => {
    const { manifest } = manifests.find(({ name }) => name === "without-operator")!;
    const objects = parseObjects(manifest).filter((object) => /Role/.test(object.kind) && isInstalled(object));
    expect(objects.map(({ kind, metadata }) => `${kind} ${metadata.namespace ?? ""} ${metadata.name}`).sort()).toEqual(
      ["Role tools outrigger-aggregator", "RoleBinding tools outrigger-aggregator"].sort(),
    );
  });

  it("leave pods and namespaces elsewhere alone: webhook and admission policies are for the named ones", () => {
    const { manifest } = manifests.find(({ name }) => name === "namespaces")!;
    const named = { key: "kubernetes.io/metadata.name", operator: "In", values: ["tools", "search"] };
    const selecting = parseObjects(manifest).filter(
      ({ kind, metadata }) => entriesOf[kind] !== undefined || isOfEverybody(kind, metadata.name),
    );
    expect(selecting).toHaveLength(6);
    for (const { kind, metadata, ...content } of selecting) {
      const selectors = findAll(content, "namespaceSelector") as { matchExpressions: object[] }[];
      expect(selectors.length, metadata.name).toBe(entriesOf[kind] ?? 1);
      for (const { matchExpressions } of selectors) expect(matchExpressions).toContainEqual(named);
    }
  });

  it("are nobody's where the chart makes none", async () => {
    const objects = parseObjects(await renderManifest({ values: { rbac: { create: false } } }));
    expect(objects.filter(({ kind }) => /Role/.test(kind))).toEqual([]);
  });
});
