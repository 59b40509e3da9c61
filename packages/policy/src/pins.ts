/** Pins: which definitions of a server's tools are approved, by hand or because they were seen first. Pure; what was seen is passed in. */
import type { ApprovedTool, CheckMode, PinControls } from "./document/controls.ts";
import type { PinState } from "./rules.ts";

/** All layers' pins. Each entry of `layers` maps a server to its tools, and a tool to the digests that the layer approves. */
export interface CompiledPins {
  readonly mode: Exclude<CheckMode, "Off">;
  readonly layers: readonly ReadonlyMap<string, ReadonlyMap<string, ReadonlySet<string>>>[];
}

const strictness: readonly CheckMode[] = ["Off", "Audit", "Enforce"];

/** The strictest of some modes; the fallback where none was said. */
export function strictest(modes: readonly (CheckMode | undefined)[], fallback: CheckMode): CheckMode {
  const said = modes.filter((mode) => mode !== undefined);
  if (said.length === 0) return fallback;
  return strictness[Math.max(...said.map((mode) => strictness.indexOf(mode)))] ?? fallback;
}

/** Compiles the layers' pins; undefined where they are off. */
export function compilePins(layers: readonly PinControls[]): CompiledPins | undefined {
  const mode = strictest(
    layers.map((layer) => layer.mode),
    "Audit",
  );
  if (mode === "Off") return undefined;
  return { mode, layers: layers.filter(({ approved }) => approved.length > 0).map(({ approved }) => group(approved)) };
}

function group(approved: readonly ApprovedTool[]): CompiledPins["layers"][number] {
  const servers = new Map<string, Map<string, Set<string>>>();
  for (const { server, tool, digest } of approved) {
    const tools = servers.get(server) ?? new Map<string, Set<string>>();
    servers.set(server, tools.set(tool, (tools.get(tool) ?? new Set()).add(digest)));
  }
  return servers;
}

/**
 * How a definition stands to its approval. Where a layer approves tools of this server by hand, only those are approved, and every
 * layer that names the tool has to approve the digest; else the definition that was seen first is.
 */
export function judgePin(
  pins: CompiledPins,
  tool: {
    readonly server: string;
    readonly name: string;
    readonly digest: string;
    readonly firstSeen: string | undefined;
  },
): PinState {
  const servers = pins.layers.map((layer) => layer.get(tool.server)).filter((tools) => tools !== undefined);
  if (servers.length === 0) {
    if (tool.firstSeen === undefined) return "Unapproved";
    return tool.firstSeen === tool.digest ? "Approved" : "Changed";
  }
  const named = servers.map((tools) => tools.get(tool.name)).filter((digests) => digests !== undefined);
  if (named.length === 0) return "Unapproved";
  return named.every((digests) => digests.has(tool.digest)) ? "Approved" : "Changed";
}
