import { listNeededRights, type NeededRight } from "@outrigger/api/rights";
import { describe, expect, it } from "vitest";
import type { ReviewedRight } from "../facts.ts";
import { createFinding, type Finding } from "../finding.ts";
import type { Look } from "../look.ts";
import { factsOf } from "./facts-of.ts";
import { judgePermissions } from "./permissions.ts";

const variables = {
  OUTRIGGER_KUBE: "in-cluster",
  OUTRIGGER_LEASE: "outrigger-operator",
  OUTRIGGER_TRUST: "outrigger-trust",
  OUTRIGGER_WAKE: ":8082",
  OUTRIGGER_WEBHOOK_CONFIGURATION: "outrigger",
};
const judge = (
  limitedTo: readonly string[],
  answer: (right: NeededRight) => Look<boolean>,
): { readonly findings: readonly Finding[]; readonly asked: readonly ReviewedRight[] } => {
  const needed = listNeededRights({ program: "operator", variables, own: "outrigger-system", limitedTo });
  const account = "system:serviceaccount:outrigger-system:outrigger-operator";
  const asked = needed.map((right) => ({ right, account, allowed: answer(right) }));
  return { findings: judgePermissions(factsOf({ rights: { ok: true, value: asked } })), asked };
};
const yes = { ok: true, value: true } as const;
const no = { ok: true, value: false } as const;
const asOperator = "--as system:serviceaccount:outrigger-system:outrigger-operator";

describe("F-187 the rights of the programs", () => {
  it("are counted where none is missing", () => {
    const { findings, asked } = judge([], () => yes);
    expect(findings).toEqual([
      createFinding("permissions", "ok", `the programs have the ${asked.length} rights that they need`),
    ]);
  });

  it.each<[string, (right: NeededRight) => boolean, string, string]>([
    [
      "in all namespaces",
      ({ resource, verb }) => resource === "pods" && verb !== "watch",
      "operator: list, patch pods in all namespaces: policies do not reach pods, and ways round sidecars are not looked for",
      `kubectl auth can-i list pods --all-namespaces ${asOperator}`,
    ],
    [
      "of one object of its own namespace",
      ({ resource, name, verb }) => resource === "secrets" && name === "outrigger-trust" && verb === "get",
      "operator: get secrets outrigger-trust in outrigger-system: policies are not signed",
      `kubectl auth can-i get secrets/outrigger-trust --namespace outrigger-system ${asOperator}`,
    ],
    [
      "over a subresource",
      ({ resource, verb }) => resource === "deployments/scale" && verb === "patch",
      "operator: patch deployments/scale in all namespaces: servers are not put to sleep, nor woken",
      `kubectl auth can-i patch deployments.apps --subresource scale --all-namespaces ${asOperator}`,
    ],
    [
      "over what belongs to no namespace",
      ({ resource, verb }) => resource === "mutatingwebhookconfigurations" && verb === "patch",
      "operator: patch mutatingwebhookconfigurations outrigger: a caBundle that somebody wipes is not put back",
      `kubectl auth can-i patch mutatingwebhookconfigurations.admissionregistration.k8s.io/outrigger ${asOperator}`,
    ],
  ])(
    "are named where one %s is missing, with the question as kubectl asks it",
    (_which, isMissing, object, question) => {
      const { findings } = judge([], (right) => (isMissing(right) ? no : yes));
      expect(findings.map(({ level, objects }) => [level, objects])).toEqual([["problem", [object]]]);
      expect(findings[0]?.next).toBe(
        [
          "kubectl delete clusterrole,clusterrolebinding,role,rolebinding --all-namespaces --selector app.kubernetes.io/part-of=outrigger,app.kubernetes.io/instance=outrigger,app.kubernetes.io/component=operator",
          "helm upgrade outrigger charts/outrigger --namespace outrigger-system --reset-then-reuse-values",
          question,
        ].join("\n"),
      );
    },
  );

  it("are asked for in each namespace where the installation is limited to some", () => {
    const isMissing = ({ resource, namespace }: NeededRight): boolean =>
      resource === "networkpolicies" && namespace === "docs";
    const { findings, asked } = judge(["tools", "docs"], (right) => (isMissing(right) ? no : yes));
    expect(asked.some(({ right }) => right.isClusterWide || right.namespace === undefined)).toBe(false);
    expect(findings[0]?.objects).toEqual([
      "operator: list, watch, create, patch, delete networkpolicies in docs: ways round sidecars stay open",
    ]);
  });

  it("are unknown, and not well, where the user may not ask", () => {
    const why = "need create subjectaccessreviews in all namespaces";
    const { findings } = judge([], ({ namespace }) => (namespace === undefined ? { ok: false, why } : yes));
    expect(findings).toEqual([createFinding("permissions", "unknown", `could not look: ${why}`)]);
  });
});
