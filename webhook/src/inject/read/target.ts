/** Finds the MCP server inside a pod: its container and the port on which it listens. Rows 12 and 13 of the decision table. */
import { keys } from "@outrigger/api/keys";
import { parsePort } from "@outrigger/api/values";
import type { InjectionConfig } from "../config.ts";
import { quote, type Problem } from "../outcome.ts";
import type { Previous } from "../undo/previous.ts";
import type { ContainerView, PodView, PortView } from "./pod.ts";
import type { Settings } from "./settings.ts";

/** The server's port; `declared` is its entry in the container, absent where only an annotation names it. */
export interface ServerPort {
  readonly number: number;
  readonly declared: PortView | undefined;
}

/**
 * Where the server is. Undefined members come with a problem, unless an annotation that was not right hides them. A stdio server
 * has no port.
 */
export interface Target {
  readonly container: ContainerView | undefined;
  readonly port: ServerPort | undefined;
  readonly problems: readonly Problem[];
}

/** Finds container and port. An earlier round's choice breaks a tie that another injector made. */
export function findTarget(
  pod: PodView,
  settings: Settings,
  context: { readonly previous: Previous | undefined; readonly config: InjectionConfig },
): Target {
  if (settings.isRejected("container")) return { container: undefined, port: undefined, problems: [] };
  const found = findContainer(pod, settings.container, context);
  if ("reason" in found) return { container: undefined, port: undefined, problems: [found] };
  if (settings.mode === "stdio" || settings.isRejected("port"))
    return { container: found, port: undefined, problems: [] };
  const port = findPort(found, settings.port, context.previous?.port);
  return "reason" in port
    ? { container: found, port: undefined, problems: [port] }
    : { container: found, port, problems: [] };
}

function findContainer(
  pod: PodView,
  wanted: string | undefined,
  { previous, config }: { readonly previous: Previous | undefined; readonly config: InjectionConfig },
): ContainerView | Problem {
  if (wanted !== undefined) {
    const named = pod.containers.find((container) => container.name === wanted);
    return (
      named ?? {
        reason: "ContainerNotFound",
        text: `${keys.container.key}=${quote(wanted)}: the pod has no such container`,
      }
    );
  }
  const apps = pod.containers.filter((container) => !config.foreign.containers.includes(container.name));
  const [first, ...more] = apps.length === 0 ? pod.containers : apps;
  if (first !== undefined && more.length === 0) return first;
  const earlier = apps.find((container) => container.name === previous?.container);
  if (earlier !== undefined) return earlier;
  const names = apps.slice(0, 8).map((container) => quote(container.name));
  return {
    reason: "AmbiguousContainer",
    text: `the pod has containers ${joinNames(names)}: set ${keys.container.key}`,
  };
}

function findPort(
  container: ContainerView,
  wanted: string | undefined,
  earlier: number | undefined,
): ServerPort | Problem {
  const declared = container.ports.filter((port) => port.isTcp);
  if (wanted !== undefined) return findWantedPort(container, declared, wanted);
  const [first, ...more] = declared;
  if (first === undefined)
    return { reason: "NoPort", text: `container ${quote(container.name)} declares no TCP port: set ${keys.port.key}` };
  if (more.length === 0) return { number: first.number, declared: first };
  const chosen = declared.find((port) => port.number === earlier);
  if (chosen !== undefined) return { number: chosen.number, declared: chosen };
  const numbers = declared.slice(0, 8).map((port) => String(port.number));
  const text = `container ${quote(container.name)} declares ${joinNames(numbers)}: set ${keys.port.key}`;
  return { reason: "AmbiguousPort", text };
}

function findWantedPort(container: ContainerView, declared: readonly PortView[], wanted: string): ServerPort | Problem {
  const number = parsePort(wanted);
  if (number.ok) return { number: number.value, declared: declared.find((port) => port.number === number.value) };
  const named = declared.find((port) => port.name === wanted);
  if (named !== undefined) return { number: named.number, declared: named };
  const text = `${keys.port.key}=${quote(wanted)}: container ${quote(container.name)} has no TCP port of that name`;
  return { reason: "PortNotFound", text };
}

function joinNames(names: readonly string[]): string {
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1) ?? ""}`;
}
