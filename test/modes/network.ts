/**
 * A pod's network without a cluster: a namespace for the pod and one for whoever calls it, joined by a pair of interfaces, with IPv4 and
 * IPv6. Nothing else is connected, and both go with the test. Needs root and iproute2; a policy needs nftables.
 */
import { execFileSync } from "node:child_process";
import { getuid, pid } from "node:process";
import { onTestFinished } from "vitest";

/** Addresses of the pod. */
export const podAddresses = { v4: "10.233.7.2", v6: "fd00:6f75:7472::2" } as const;
const callerAddresses = { v4: "10.233.7.1", v6: "fd00:6f75:7472::1" };

/** Which addresses a pod has. */
export type Family = keyof typeof podAddresses;

/** The two ends. */
export interface PodNetwork {
  /** Put before a command, they run it there. */
  readonly insidePod: readonly string[];
  readonly insideCaller: readonly string[];
  readonly podIps: readonly string[];
  /** What a network policy with one rule does: new connections from outside reach these TCP ports of the pod and no other. */
  readonly admitOnly: (ports: readonly number[]) => void;
  /** Every TCP socket of the pod that listens: `address:port`. */
  readonly listening: () => readonly string[];
}

let count = 0;

/** Makes the namespaces; they are deleted when the test is over. */
export function makePodNetwork(families: readonly Family[] = ["v4", "v6"]): PodNetwork {
  if (getuid?.() !== 0) throw new Error("network namespaces need root, with the packages iproute2 and nftables");
  count += 1;
  // A name of an interface has at most 15 characters.
  const [pod, caller] = [`og${pid}p${count}`, `og${pid}c${count}`];
  const ip = (...args: readonly string[]): string => execFileSync("ip", args, { encoding: "utf8" });
  for (const name of [pod, caller]) {
    ip("netns", "add", name);
    onTestFinished(() => void ip("netns", "delete", name));
    ip("-n", name, "link", "set", "lo", "up");
  }
  ip("link", "add", pod, "netns", pod, "type", "veth", "peer", "name", caller, "netns", caller);
  for (const [name, addresses] of [
    [pod, podAddresses],
    [caller, callerAddresses],
  ] as const) {
    if (families.includes("v4")) ip("-n", name, "address", "add", `${addresses.v4}/30`, "dev", name);
    // Without the check for duplicates the address can be bound at once.
    if (families.includes("v6")) ip("-n", name, "address", "add", `${addresses.v6}/64`, "dev", name, "nodad");
    ip("-n", name, "link", "set", name, "up");
  }
  const insidePod = ["ip", "netns", "exec", pod];
  return {
    insidePod,
    insideCaller: ["ip", "netns", "exec", caller],
    podIps: families.map((family) => podAddresses[family]),
    admitOnly: (ports) => {
      const rules = [
        "add table inet guard",
        "add chain inet guard input { type filter hook input priority 0; policy drop; }",
        "add rule inet guard input iif lo accept",
        "add rule inet guard input ct state established accept",
        "add rule inet guard input meta l4proto icmpv6 accept",
        `add rule inet guard input tcp dport { ${ports.join()} } accept`,
      ].join("\n");
      execFileSync("ip", [...insidePod.slice(1), "nft", "-f", "-"], { input: rules });
    },
    listening: () => {
      const text = execFileSync("ip", [...insidePod.slice(1), "ss", "-Hltn"], { encoding: "utf8" });
      return text
        .trim()
        .split("\n")
        .map((line) => line.split(/\s+/)[3] ?? "")
        .filter((each) => each !== "")
        .sort();
    },
  };
}
