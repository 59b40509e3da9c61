/**
 * The catalogue as one endpoint shows it: some servers and tools, some of them under names of the endpoint's own. What did not change
 * keeps its identity, as in the catalogue itself, so that readers can tell cheaply. Pure, with a memory.
 */
import { comparePublicNames, serverKey, type ServerEntry, type ToolEntry } from "../catalog/entry.ts";
import { createSnapshot, type CatalogueSnapshot } from "../catalog/merge.ts";
import { noOffer, type Offer } from "../catalog/offer.ts";
import { createSelector, selectsServer, type Selection } from "./selection.ts";
import { applyRule, type ToolRule } from "./tool-rule.ts";

/** How a catalogue is seen: one server under its own names, or a selection of tools with rules. */
export type Reshape =
  | { readonly kind: "server"; readonly namespace: string; readonly server: string }
  | { readonly kind: "selection"; readonly selection: Selection; readonly rules: readonly ToolRule[] };

/** Gives the endpoint's catalogue for the whole one. Cost: what servers changed; nothing for a catalogue that was seen last. */
export type Lens = (catalogue: CatalogueSnapshot) => CatalogueSnapshot;

/** Creates the lens. */
export function createLens(reshape: Reshape): Lens {
  const show = reshape.kind === "server" ? showOwnNames : createShow(reshape);
  const showOffer = reshape.kind === "server" ? nameOwnPrompts : createShowOffer(reshape);
  const shownTools = new WeakMap<readonly ToolEntry[], readonly ToolEntry[]>();
  const shownServers = new WeakMap<ServerEntry, ServerEntry>();
  let last: { readonly from: CatalogueSnapshot; readonly to: CatalogueSnapshot } | undefined;

  const showTools = (tools: readonly ToolEntry[]): readonly ToolEntry[] => {
    const known = shownTools.get(tools) ?? tools.flatMap(show).sort(comparePublicNames);
    shownTools.set(tools, known);
    return known;
  };
  const showServer = (server: ServerEntry): ServerEntry => {
    const known = shownServers.get(server) ?? { ...server, tools: showTools(server.tools), offer: showOffer(server) };
    shownServers.set(server, known);
    return known;
  };
  const pickServers = ({ servers }: CatalogueSnapshot): readonly ServerEntry[] => {
    if (reshape.kind === "selection") return [...servers.values()];
    const only = servers.get(serverKey(reshape.namespace, reshape.server));
    return only === undefined ? [] : [only];
  };
  // A server that was asked for by its name is there, also with nothing to show.
  const isShown = ({ tools, offer }: ServerEntry): boolean =>
    reshape.kind === "server" || tools.length > 0 || offer !== noOffer;

  return (catalogue) => {
    if (last?.from === catalogue) return last.to;
    const shown = pickServers(catalogue).map(showServer).filter(isShown);
    const to = createSnapshot(catalogue.plan, new Map(shown.map((server) => [server.key, server])));
    last = { from: catalogue, to };
    return to;
  };
}

function showOwnNames(tool: ToolEntry): readonly ToolEntry[] {
  return [{ ...tool, publicName: tool.name, reshaped: { from: tool, fixedArguments: {} } }];
}

function nameOwnPrompts({ offer }: ServerEntry): Offer {
  return { ...offer, prompts: offer.prompts.map((prompt) => ({ ...prompt, publicName: prompt.name })) };
}

/** Prompts and resources go with whole servers: whoever chooses tools has chosen nothing else. */
function createShowOffer({ selection }: Extract<Reshape, { kind: "selection" }>): (server: ServerEntry) => Offer {
  return (server) => (selectsServer(selection, server) ? server.offer : noOffer);
}

function createShow(reshape: Extract<Reshape, { kind: "selection" }>): (tool: ToolEntry) => readonly ToolEntry[] {
  const isSelected = createSelector(reshape.selection);
  const rules = Map.groupBy(reshape.rules, ({ tool }) => tool);
  return (tool) => {
    if (!isSelected(tool)) return [];
    return rules.get(tool.publicName)?.map((rule) => applyRule(tool, rule)) ?? [tool];
  };
}
