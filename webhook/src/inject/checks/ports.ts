/** Whether the ports that injection needs are free in the pod. */
import { keys } from "@outrigger/api/keys";
import { quote, type Problem } from "../outcome.ts";
import { isNativeSidecar } from "../read/pod.ts";
import type { Found } from "./found.ts";

/** Row 14: ports that somebody else has. */
export function checkPorts({ pod, container, port, wiring }: Found): Problem[] {
  const { reserved, sharesPort } = wiring;
  const problems: Problem[] = [];
  const report = (text: string): void => void problems.push({ reason: "PortClash", text });
  if (port !== undefined && reserved.includes(port.number))
    report(`the server listens on ${port.number}, which the sidecar needs`);
  if (new Set(reserved).size < reserved.length)
    report(`${keys.listenPort.key}="${wiring.dataPort}": expected a port that the sidecar does not use otherwise`);
  // The ports of a stdio server are taken away.
  const listening = port === undefined ? pod.containers.filter((other) => other !== container) : pod.containers;
  for (const other of [...listening, ...pod.initContainers.filter(isNativeSidecar)]) {
    // The server's own number is its own, and where the sidecar shares it, nobody else's.
    const needed = sharesPort && other !== container ? [...reserved, wiring.dataPort] : reserved;
    const clashes = other.ports.filter((each) => each.isTcp && needed.includes(each.number));
    for (const { number } of clashes.filter((each) => other !== container || each.number !== port?.number))
      report(`container ${quote(other.name)} declares port ${number}, which the sidecar needs`);
  }
  return problems;
}

/** Row 15: a way past the sidecar through the node. */
export function checkHostPort({ container, port }: Found): Problem[] {
  const hostPort = port?.declared?.hostPort ?? 0;
  if (port === undefined || hostPort === 0) return [];
  const text = `container ${quote(container.name)} has hostPort ${hostPort} on port ${port.number}: it leads past the sidecar`;
  return [{ reason: "HostPort", text }];
}
