/**
 * The cable between host and node: a bridge with one veth. Node, pods and Services answer to the host by routes over it, and nothing
 * else: the node has no default route, so no packet of the cluster can leave the machine.
 */
import { existsSync } from "node:fs";
import { run } from "../../../run.ts";
import type { LocalSettings } from "../settings.ts";
import { toNodeCommand } from "../node/namespaces.ts";

/** Last in the order of routes: what is not routed to the node ends here instead of taking the host's default route. */
const lastMetric = "4278198272";

/** Rejects where something of the range is routed already. */
export async function checkRangeIsFree(settings: LocalSettings): Promise<void> {
  const routes = await run(["ip", "-o", "route", "show", "table", "all", "root", settings.clusterRange]);
  if (routes.trim() === "") return;
  throw new Error(
    `${settings.clusterRange} is in use here; choose another range by OUTRIGGER_CLUSTER_SUBNET:\n${routes.trim()}`,
  );
}

/** Makes bridge, cable and routes. The node's namespaces have to be there. */
export async function makeNetwork(settings: LocalSettings): Promise<void> {
  const { bridge, cable, hostIp, nodeIp, clusterRange, podRange, serviceRange } = settings;
  const onNode = (...command: string[]): Promise<string> => run(toNodeCommand(settings, command));
  await run(["ip", "route", "replace", "unreachable", clusterRange, "metric", lastMetric]);
  await run(["ip", "link", "add", bridge, "type", "bridge"]);
  await run(["ip", "addr", "add", `${hostIp}/24`, "dev", bridge]);
  await run(["ip", "link", "set", bridge, "up"]);
  await onNode("ip", "link", "set", "lo", "up");
  await onNode("ip", "link", "add", "eth0", "type", "veth", "peer", "name", cable, "netns", String(process.pid));
  await run(["ip", "link", "set", cable, "master", bridge, "up"]);
  await onNode("ip", "link", "set", "eth0", "up");
  await onNode("ip", "addr", "add", `${nodeIp}/24`, "dev", "eth0");
  // A process of the node (the API server calling a webhook) needs a route before kube-proxy can turn a Service's address into a pod's.
  await onNode("ip", "route", "add", serviceRange, "dev", "eth0");
  await allowForwarding(onNode);
  for (const range of [podRange, serviceRange]) await run(["ip", "route", "add", range, "via", nodeIp]);
}

/** Removes what {@link makeNetwork} made on the host; the node's part goes with its namespace. */
export async function removeNetwork(settings: LocalSettings): Promise<void> {
  const { bridge, cable, clusterRange } = settings;
  // Each may be gone already; what stays is found by findNetworkLeftovers.
  await run(["ip", "link", "del", cable]).catch(() => "");
  await run(["ip", "link", "del", bridge]).catch(() => "");
  await run(["ip", "route", "del", "unreachable", clusterRange, "metric", lastMetric]).catch(() => "");
}

/** Interfaces and routes of the cluster that the host still has. */
export async function findNetworkLeftovers(settings: LocalSettings): Promise<readonly string[]> {
  const interfaces = [settings.bridge, settings.cable].filter((name) => existsSync(`/sys/class/net/${name}`));
  const routes = await run(["ip", "-o", "route", "show", "table", "all", "root", settings.clusterRange]);
  const lines = routes.split("\n").filter((line) => line.trim() !== "");
  return [...interfaces.map((name) => `interface ${name}`), ...lines.map((line) => `route ${line.trim()}`)];
}

/** Both are values of the node's own network namespace. */
async function allowForwarding(onNode: (...command: string[]) => Promise<string>): Promise<void> {
  // Packets between pods cross a bridge; without this they pass NetworkPolicy and Service rules by.
  if (!existsSync("/proc/sys/net/bridge")) await run(["modprobe", "br_netfilter"]);
  await onNode(
    "sh",
    "-c",
    "echo 1 >/proc/sys/net/ipv4/ip_forward && echo 1 >/proc/sys/net/bridge/bridge-nf-call-iptables",
  );
}
