/** The kubelet sets some values of the whole machine; these are read before and put back by `down`. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** What the kubelet's container manager sets. Source: setupKernelTunables in k8s.io/kubernetes/pkg/kubelet/cm. */
const names = [
  "vm/overcommit_memory",
  "vm/panic_on_oom",
  "kernel/panic",
  "kernel/panic_on_oops",
  "kernel/keys/root_maxkeys",
  "kernel/keys/root_maxbytes",
];

/** Values keyed by the path below /proc/sys. What this kernel does not have is left out. */
export type Sysctls = Readonly<Record<string, string>>;

/** Reads the values as they are now. */
export async function readSysctls(): Promise<Sysctls> {
  const values: Record<string, string> = {};
  for (const name of names) {
    const value = await readFile(join("/proc/sys", name), "utf8").catch(() => undefined);
    if (value !== undefined) values[name] = value.trim();
  }
  return values;
}

/** Puts values back; gives the names of those that are still different. */
export async function restoreSysctls(values: Sysctls): Promise<readonly string[]> {
  const now = await readSysctls();
  const left: string[] = [];
  for (const [name, value] of Object.entries(values)) {
    if (now[name] !== value) await writeFile(join("/proc/sys", name), value).catch(() => left.push(name));
  }
  return left;
}
