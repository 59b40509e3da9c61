/** How `status` looks: facts first, then one line per process of the cluster. */
import type { ClusterProvider, ClusterStatus } from "./provider.ts";

/** The report as text without a line break at its end. */
export function formatStatus(provider: ClusterProvider, status: ClusterStatus): string {
  const facts: [string, string][] = [["cluster", `${provider.name}, ${status.state}`]];
  if (status.versions.size > 0) {
    facts.push(["kubeconfig", provider.kubeconfig]);
    facts.push(["versions", [...status.versions].map(([name, version]) => `${name} ${version}`).join(", ")]);
    facts.push(["network policy", `enforced by: ${provider.capabilities.networkPolicy}`]);
  }
  if (status.memory !== undefined) {
    const { pssBytes, processes } = status.memory;
    facts.push(["memory", `${toMegabytes(pssBytes)} MB (PSS) in ${processes} processes, with those of pods`]);
  }
  const lines = facts.map(([name, value]) => `${name.padEnd(15)} ${value}`);
  if (status.processes.length === 0) return lines.join("\n");
  const rows = status.processes.map(({ name, pid, cpuSeconds, pssBytes }) => [
    name,
    String(pid),
    cpuSeconds.toFixed(1),
    toMegabytes(pssBytes),
  ]);
  const table = [["process", "pid", "CPU s", "PSS MB"], ...rows].map(([name = "", ...numbers]) => {
    return name.padEnd(20) + numbers.map((text) => text.padStart(9)).join("");
  });
  return [...lines, "", ...table].join("\n");
}

function toMegabytes(bytes: number): string {
  return (bytes / 1_000_000).toFixed(0);
}
