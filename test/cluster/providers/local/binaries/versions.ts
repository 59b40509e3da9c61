/** Names the versions of all parts as the binaries themselves tell them, so that a given folder can't be described wrongly. */
import { readFile } from "node:fs/promises";
import { run } from "../../../run.ts";
import type { Binaries } from "./binaries.ts";

/** Go modules whose version is shown, keyed by the name that people know. */
const modules = {
  Kubernetes: "k8s.io/kubernetes",
  etcd: "go.etcd.io/etcd/server/v3",
  CoreDNS: "github.com/coredns/coredns",
  "kube-router": "github.com/cloudnativelabs/kube-router/v2",
} as const;

/** Versions keyed by part. Cost: reads the whole binary, about 0.1 s. */
export async function readVersions(binaries: Binaries): Promise<ReadonlyMap<string, string>> {
  const program = await readFile(binaries.kubeAll);
  const versions = new Map<string, string>();
  for (const [name, module] of Object.entries(modules)) versions.set(name, findModule(program, module));
  versions.set("containerd", firstVersion(await run(["containerd", "--version"])));
  versions.set("runc", firstVersion(await run(["runc", "--version"])));
  return versions;
}

/** Go writes `dep<TAB>path<TAB>version<TAB>sum` for each module into the binary. Source: debug/buildinfo of Go's library. */
function findModule(program: Buffer, module: string): string {
  const mark = `dep\t${module}\t`;
  const at = program.indexOf(mark);
  if (at < 0) return "unknown";
  const rest = program.toString("latin1", at + mark.length, at + mark.length + 100);
  return /^[^\t\n]+/.exec(rest)?.[0] ?? "unknown";
}

function firstVersion(text: string): string {
  return /\b\d+\.\d+\.\d+\S*/.exec(text)?.[0] ?? "unknown";
}
