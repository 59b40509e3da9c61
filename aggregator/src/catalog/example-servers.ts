/** Small servers for tests, spelled shortly: who lists what, and the catalogue that follows. Not part of the program. */
import type { ServerCatalogue, ToolDefinition } from "./entry.ts";
import { emptyCatalogue, mergeCatalogue, type CatalogueSnapshot, type ListedChange } from "./merge.ts";

/** What may be said of an example; everything else has a default. `at` is the replica's creation time in ms. */
export interface ExampleOptions extends Partial<Omit<ServerCatalogue, "tools">> {
  readonly replica?: string;
  readonly at?: number;
}

/** A tool by its name, or in full. */
export type ExampleTool = string | ToolDefinition;

/** The change by which a server in namespace `tools` lists these tools. The digest follows from the tools' names. */
export function listed(server: string, tools: readonly ExampleTool[], options: ExampleOptions = {}): ListedChange {
  const { replica = "pod-0", at = 1, ...rest } = options;
  const definitions = tools.map((tool) => (typeof tool === "string" ? { name: tool } : tool));
  const digest = definitions.map(({ name }) => name).join("+");
  return {
    kind: "listed",
    replica: { id: replica, createdAtMs: at },
    catalogue: {
      namespace: "tools",
      server,
      group: "default",
      state: "Ready",
      digest,
      ...rest,
      tools: definitions,
    },
  };
}

/** The catalogue after these changes, with namespaces in the names. */
export function mergeAll(
  changes: readonly Parameters<typeof mergeCatalogue>[1][],
  start: CatalogueSnapshot = emptyCatalogue({ qualify: "namespace" }),
): CatalogueSnapshot {
  return changes.reduce(mergeCatalogue, start);
}
