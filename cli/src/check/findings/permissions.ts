/** Judges whether the programs may do at the API server what they need to. Pure. */
import { chartLabels, partOfOutrigger } from "../cluster/resources.ts";
import type { Facts, Release, ReviewedRight } from "../facts.ts";
import { count, createFinding, type Finding } from "../finding.ts";
import { judgeLook } from "../look.ts";

/** One finding over all of them, and one over what could not be asked. */
export function judgePermissions({ rights, release }: Facts): readonly Finding[] {
  return judgeLook("permissions", rights, (list) => judge(list, release));
}

function judge(list: readonly ReviewedRight[], { instance, namespace }: Release): readonly Finding[] {
  const missing = list.filter(({ allowed }) => allowed.ok && !allowed.value);
  const why = [...new Set(list.flatMap(({ allowed }) => (allowed.ok ? [] : [allowed.why])))];
  const unknown = why.map((each) => createFinding("permissions", "unknown", `could not look: ${each}`));
  if (missing.length === 0 && why.length > 0) return unknown;
  if (missing.length === 0)
    return list.length === 0
      ? []
      : [createFinding("permissions", "ok", `the programs have the ${count(list.length, "right")} that they need`)];
  const groups = [...Map.groupBy(missing, spellTarget).values()];
  const upgrade = `helm upgrade ${instance} charts/outrigger --namespace ${namespace} --reset-then-reuse-values`;
  return [
    createFinding("permissions", "problem", {
      message: `${count(missing.length, "right")} of the programs missing`,
      objects: groups.map(describe),
      next: [
        ...listDeletions(missing, instance),
        upgrade,
        ...groups.flatMap(([first]) => (first === undefined ? [] : [spellQuestion(first)])),
      ].join("\n"),
    }),
    ...unknown,
  ];
}

/** An upgrade makes anew what is gone; what somebody has changed, Helm 4 leaves as it is and fails. */
function listDeletions(missing: readonly ReviewedRight[], instance: string): readonly string[] {
  const kinds = "clusterrole,clusterrolebinding,role,rolebinding";
  const selector = `${partOfOutrigger},${chartLabels.instance}=${instance},${chartLabels.component}=`;
  const programs = [...new Set(missing.map(({ right }) => right.program))];
  return programs.map((program) => `kubectl delete ${kinds} --all-namespaces --selector ${selector}${program}`);
}

/** Rights over the same objects. */
function spellTarget({ right: { program, group, resource, namespace, name } }: ReviewedRight): string {
  return [program, group, resource, namespace, name].join("/");
}

/** `operator: list, patch pods in all namespaces: what does not work without`. */
function describe(group: readonly ReviewedRight[]): string {
  const [first] = group;
  if (first === undefined) return "";
  const { program, resource, namespace, name, isClusterWide, without } = first.right;
  const verbs = group.map(({ right }) => right.verb).join(", ");
  const everywhere = isClusterWide ? "" : " in all namespaces";
  const place = namespace === undefined ? everywhere : ` in ${namespace}`;
  return `${program}: ${verbs} ${resource}${name === undefined ? "" : ` ${name}`}${place}: ${without}`;
}

/** The question as kubectl asks it. */
function spellQuestion({ right, account }: ReviewedRight): string {
  const { verb, group, resource, namespace, name, isClusterWide } = right;
  const [plural = "", subresource] = resource.split("/");
  const kind = group === "" ? plural : `${plural}.${group}`;
  const everywhere = isClusterWide ? "" : " --all-namespaces";
  const place = namespace === undefined ? everywhere : ` --namespace ${namespace}`;
  const part = subresource === undefined ? "" : ` --subresource ${subresource}`;
  return `kubectl auth can-i ${verb} ${kind}${name === undefined ? "" : `/${name}`}${part}${place} --as ${account}`;
}
