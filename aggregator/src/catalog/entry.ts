/**
 * What the catalogue holds: tools with their public names, and servers with their replicas. Decides which part of a
 * server's list is taken (caps, entries that are held back); what replaces what is `merge.ts`.
 */
import type { HealthState, RawObject } from "@outrigger/api/feed";
import type { Reason } from "@outrigger/api/reasons";
import type { ListGuard } from "../visibility/guard.ts";
import { publicToolName } from "./name.ts";
import { readOffer, type Offer, type OfferedLists } from "./offer.ts";
import { countHeldBack, judgeEntry, repeated, type HeldBack } from "./sound.ts";

/** How a server is, as a whole. Cold: it is asleep, runs on no pod, and is woken by a call. */
export type ServerState = HealthState | "Cold";

/** A tool as its server defines it: raw JSON, unknown members kept. */
export interface ToolDefinition extends RawObject {
  readonly name: string;
}

/** What one replica of a server lists. `tools` is in the server's order; `digest` is over the list after policy. */
export interface ServerCatalogue extends OfferedLists {
  readonly namespace: string;
  readonly server: string;
  readonly group: string;
  readonly digest: string;
  readonly title?: string;
  readonly description?: string;
  /** Where not every caller sees the same of it. */
  readonly guard?: ListGuard;
  readonly state: HealthState;
  readonly tools: readonly ToolDefinition[];
}

/** What was kept of a server that sleeps. */
export type KeptCatalogue = Omit<ServerCatalogue, "state">;

/** One tool of one server. `name` is the server's own name; `definition` is what the server sent. */
export interface ToolEntry {
  readonly publicName: string;
  readonly namespace: string;
  readonly server: string;
  readonly group: string;
  readonly name: string;
  readonly definition: ToolDefinition;
  /**
   * Where an endpoint shows it otherwise than the catalogue: the catalogue's own, by which calls go, and arguments of every call. `isRuled`: the
   * endpoint file says something of this one tool.
   */
  readonly reshaped?: { readonly from: ToolEntry; readonly fixedArguments: RawObject; readonly isRuled?: true };
}

/** Something that a person should know about a server's catalogue; the message names numbers and digests, never tools. */
export interface Finding {
  readonly reason: Extract<Reason, "ListFailed" | "CatalogLimited" | "EntriesHeldBack" | "ReplicasDisagree">;
  readonly message: string;
}

/** The tools taken from one list, ordered by public name, and sentences where some were left out, or held back for what they are. */
export interface KnownList {
  readonly digest: string;
  readonly group: string;
  readonly title: string | undefined;
  readonly description: string | undefined;
  readonly tools: readonly ToolEntry[];
  /** What it offers beside tools. */
  readonly offer: Offer;
  readonly limited: string | undefined;
  readonly heldBack: string | undefined;
  /** Who sees what of it; undefined where everybody sees the same. */
  readonly guard: ListGuard | undefined;
}

/** One replica (pod) of a server. `list` is its last good one; `failure` says why the last attempt gave none. */
export interface ReplicaRecord {
  readonly id: string;
  readonly createdAtMs: number;
  readonly group: string;
  readonly state: HealthState;
  readonly list: KnownList | undefined;
  readonly failure: string | undefined;
}

/** One server: what is served of it and who serves it. `tools` is ordered by public name; `replicas` is keyed by id. */
export interface ServerEntry {
  readonly key: string;
  readonly namespace: string;
  readonly server: string;
  readonly group: string;
  readonly state: ServerState;
  readonly title: string | undefined;
  readonly description: string | undefined;
  readonly digest: string | undefined;
  readonly tools: readonly ToolEntry[];
  /** What it offers beside tools. */
  readonly offer: Offer;
  readonly findings: readonly Finding[];
  readonly replicas: ReadonlyMap<string, ReplicaRecord>;
  /** The list that was kept when it was put to sleep; undefined where it was not, or is awake again. */
  readonly kept: KnownList | undefined;
  /** The list that is served; kept when no replica holds it any more. */
  readonly served: KnownList | undefined;
}

/** Which namespaces an endpoint serves and how it names tools: one, left out of the names, or all, spelled in them. */
export type NamePlan = { readonly qualify: "server"; readonly namespace: string } | { readonly qualify: "namespace" };

/** Most tools that are taken of one server. */
export const maxToolsPerServer = 2_000;

/** Most bytes of tool definitions (JSON, UTF-8) that are taken of one server. */
export const maxBytesPerServer = 16 * 1024 * 1024;

/** The identity of a server: `namespace/server`. Neither part can hold a slash. */
export function serverKey(namespace: string, server: string): string {
  return `${namespace}/${server}`;
}

/** Orders by public name in byte order. Public names are ASCII, where code units and bytes agree. */
export function comparePublicNames(a: { readonly publicName: string }, b: { readonly publicName: string }): number {
  if (a.publicName === b.publicName) return 0;
  return a.publicName < b.publicName ? -1 : 1;
}

/**
 * Takes the tools of a list that can be served: the first of each name, up to the caps, in order of public name.
 * Cost: serialises every definition once to learn its size.
 */
export function readList(catalogue: KeptCatalogue, plan: NamePlan): KnownList {
  const { namespace, server, group, digest, title, description } = catalogue;
  const heldBack = countHeldBack();
  const taken = takeWithinCaps(catalogue.tools, heldBack);
  const nameOf = (tool: string): string => publicToolName({ qualify: plan.qualify, namespace, server, tool });
  const tools = taken.definitions.map((definition): ToolEntry => {
    const { name } = definition;
    return { publicName: nameOf(name), namespace, server, group, name, definition };
  });
  const { offer, limited, listed } = readOffer({ namespace, server, group }, catalogue, { nameOf, heldBack });
  return {
    ...{ digest, group, title, description, offer },
    tools: tools.sort(comparePublicNames),
    limited: taken.limited ?? limited,
    heldBack: heldBack.describe(catalogue.tools.length + listed),
    guard: catalogue.guard,
  };
}

interface Taken {
  readonly definitions: readonly ToolDefinition[];
  readonly limited: string | undefined;
}

function takeWithinCaps(listed: readonly ToolDefinition[], heldBack: HeldBack): Taken {
  const byName = new Map<string, ToolDefinition>();
  let sizeBytes = 0;
  let leftOut = 0;
  for (const definition of listed) {
    if (leftOut > 0) {
      leftOut++;
      continue;
    }
    const judged = judgeEntry("tool", definition);
    if (!judged.ok) heldBack.add(judged.flaw);
    else if (byName.has(judged.name)) heldBack.add(repeated);
    else {
      sizeBytes += judged.bytes;
      if (byName.size === maxToolsPerServer || sizeBytes > maxBytesPerServer) leftOut++;
      else byName.set(judged.name, definition);
    }
  }
  const definitions = [...byName.values()];
  if (leftOut === 0) return { definitions, limited: undefined };
  const bounds = `a server may list ${maxToolsPerServer} tools and ${maxBytesPerServer / 1024 / 1024} MiB`;
  return { definitions, limited: `${definitions.length} of ${listed.length} listed tools are served: ${bounds}.` };
}
