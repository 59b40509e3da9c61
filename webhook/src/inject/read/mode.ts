/** How traffic is led to a server, which a pod says by its transport or its port mode, and which keys that leaves unread. */
import { keys, type KeyName } from "@outrigger/api/keys";
import { words, type PortMode } from "@outrigger/api/words";
import { quote, type Problem, type Warning } from "../outcome.ts";
import type { AnnotationReader } from "./annotations.ts";

/** A port mode, or `stdio`: nothing listens but the sidecar. */
export type Mode = PortMode | "stdio";

/** Keys that only some modes read. */
const modesOf: Readonly<Partial<Record<KeyName, readonly Mode[]>>> = {
  portMode: words.portMode,
  port: words.portMode,
  probes: words.portMode,
  hostEnv: ["env"],
  portEnv: ["env"],
  listenPort: ["sidecar-port", "named-port", "stdio"],
  stdioCommand: ["stdio"],
  maxSessions: ["stdio"],
  maxHttpSessions: words.portMode,
};
// Object.keys of a const object yields exactly its keys.
const limitedNames = Object.keys(modesOf) as KeyName[];

/** The full keys that a mode does not read. */
export function listIdleKeys(mode: Mode): string[] {
  return limitedNames.filter((name) => modesOf[name]?.includes(mode) === false).map((name) => keys[name].key);
}

/** The mode that a pod asks for. */
export function readMode(reader: AnnotationReader): { readonly mode: Mode; readonly problems: readonly Problem[] } {
  if (reader.one("transport") !== "stdio") return { mode: reader.always("portMode"), problems: [] };
  const transport = reader.both("transport");
  const portMode = reader.both("portMode");
  // A namespace may have a port mode for its other servers; beside the very word stdio it contradicts.
  const contradiction = portMode.pod ?? (transport.pod === undefined ? portMode.namespace : undefined);
  if (contradiction === undefined) return { mode: "stdio", problems: [] };
  const text = `${keys.portMode.key}=${quote(contradiction)}: expected no port mode beside ${keys.transport.key}="stdio", where only the sidecar listens`;
  return { mode: "stdio", problems: [{ reason: "InvalidAnnotation", text }] };
}

/** Warns of keys on the pod that its mode does not read. */
export function warnOfIdleKeys(mode: Mode, reader: AnnotationReader): Warning[] {
  const where = mode === "stdio" ? "with transport stdio" : `in port mode ${mode}`;
  return limitedNames
    .filter((name) => name !== "portMode" && modesOf[name]?.includes(mode) === false)
    .filter((name) => reader.both(name).pod !== undefined)
    .map((name) => ({ reason: "UnknownAnnotation", text: `annotation ${keys[name].key} is not read ${where}` }));
}
