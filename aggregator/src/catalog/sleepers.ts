/** From the servers that are asleep, before and now, to changes of the catalogue. Pure. */
import type { AsleepServer } from "@outrigger/api/asleep";
import { serverKey, type ToolDefinition } from "./entry.ts";
import { guardKeyOf } from "../visibility/wanted.ts";
import { readTexts } from "./texts.ts";
import type { AsleepChange, CatalogueChange } from "./merge.ts";

/** The sleeping servers, keyed by `namespace/server`. */
export type Sleepers = ReadonlyMap<string, AsleepServer>;

/** Keys them. */
export function keySleepers(servers: readonly AsleepServer[]): Sleepers {
  return new Map(servers.map((server) => [serverKey(server.namespace, server.server), server]));
}

/** What has changed: a server that is the same object as before has not. */
export function listSleepChanges(before: Sleepers, now: Sleepers): readonly CatalogueChange[] {
  const awake = [...before]
    .filter(([key]) => !now.has(key))
    .map(([, { namespace, server }]) => ({ kind: "awake", namespace, server }) as const);
  const asleep = [...now].filter(([key, server]) => before.get(key) !== server).map(([, server]) => describe(server));
  return [...awake, ...asleep];
}

function describe({ namespace, server, group, state, catalogue }: AsleepServer): AsleepChange {
  const { callers } = state;
  return {
    kind: "asleep",
    ...(callers === undefined ? {} : { guardKey: guardKeyOf(callers) }),
    catalogue: {
      namespace,
      server,
      group,
      digest: catalogue.digest,
      ...readTexts(state),
      // A claim of the server: who takes the list looks at each entry's name.
      tools: catalogue.tools as readonly ToolDefinition[],
      prompts: catalogue.prompts,
      resources: catalogue.resources,
      resourceTemplates: catalogue.resourceTemplates,
    },
    ...(catalogue.limited ? { limited: true } : {}),
  };
}
