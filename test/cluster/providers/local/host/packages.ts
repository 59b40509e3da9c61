/** Decides whether the machine has the programs that Kubernetes calls, and which Debian packages bring the missing ones. */
import { accessSync, constants, existsSync } from "node:fs";
import { join } from "node:path";
import { run, systemPath } from "../../../run.ts";

/** One program per package that shows whether it is there; an absolute path is looked for as it is. */
const programs: ReadonlyMap<string, string> = new Map([
  ["containerd", "containerd"],
  ["runc", "runc"],
  ["containernetworking-plugins", "/usr/lib/cni/bridge"],
  ["iptables", "iptables"],
  ["ipset", "ipset"],
  ["iproute2", "ip"],
  ["conntrack", "conntrack"],
  ["socat", "socat"],
  ["nftables", "nft"],
  ["kmod", "modprobe"],
  ["unzip", "unzip"],
  ["util-linux", "nsenter"],
  ["busybox-static", "busybox"],
]);

/** Debian packages whose program is not there, sorted as above. */
export function findMissingPackages(): readonly string[] {
  return [...programs].filter(([, program]) => !isThere(program)).map(([name]) => name);
}

/** The command that brings packages. */
export function describeInstall(packages: readonly string[]): string {
  return `apt-get install -y --no-install-recommends ${packages.join(" ")}`;
}

/** Brings packages by apt-get, without a question. */
export async function installPackages(packages: readonly string[]): Promise<void> {
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  await run(["apt-get", "update"], { env });
  await run(describeInstall(packages).split(" "), { env });
}

function isThere(program: string): boolean {
  if (program.startsWith("/")) return existsSync(program);
  return systemPath.split(":").some((folder) => isExecutable(join(folder, program)));
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
