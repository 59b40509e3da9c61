/** Judges what Outrigger stands on: the API server's version and the kubelets'. Pure. */
import type { NodeFacts } from "../facts.ts";
import { count, createFinding, type Finding } from "../finding.ts";
import { isOlder, parseVersion } from "../version.ts";

/** Native sidecars and admission policies. Source: KEP-753, KEP-3488. */
const least = { major: 1, minor: 30 };
/** Port names of sidecars in Services. */
const leastForNamedPorts = { major: 1, minor: 32 };

/** The API server. `version` is its gitVersion, such as `v1.34.2`. */
export function judgeKubernetes(version: string): readonly Finding[] {
  const read = parseVersion(version);
  if (read === undefined) return [createFinding("Kubernetes", "unknown", `could not look: ${version} is no version`)];
  if (isOlder(read, least)) {
    const next = "upgrade the control plane to 1.30 or newer";
    return [createFinding("Kubernetes", "problem", { message: `${version} is older than 1.30`, next })];
  }
  return isOlder(read, leastForNamedPorts)
    ? [createFinding("Kubernetes", "note", `${version}; port mode named-port needs 1.32`)]
    : [createFinding("Kubernetes", "ok", version)];
}

/** The kubelets. An older one runs the sidecar as a plain init container, and the pod never starts. */
export function judgeNodes(nodes: readonly NodeFacts[]): readonly Finding[] {
  const old = nodes.filter(({ kubelet }) => {
    const read = parseVersion(kubelet);
    return read === undefined || isOlder(read, least);
  });
  if (old.length === 0)
    return [createFinding("nodes", "ok", `${count(nodes.length, "node")}, every kubelet is 1.30 or newer`)];
  return [
    createFinding("nodes", "problem", {
      message: `${old.length} of ${count(nodes.length, "kubelet")} older than 1.30: pods with a sidecar never start there`,
      objects: old.map(({ name, kubelet }) => `${name}: ${kubelet}`),
      next: "upgrade these nodes, or keep servers from them",
    }),
  ];
}
