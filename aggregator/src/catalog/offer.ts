/**
 * What a server offers beside tools: prompts, resources and templates of resources, under the names that callers use. Decides which
 * entries of a list are taken (caps, entries without a name, repeated ones). Pure.
 */
import type { RawObject } from "@outrigger/api/feed";
import type { CallTarget } from "./target.ts";

/** The lists as they came; absent where there is none. */
export interface OfferedLists {
  readonly prompts?: readonly RawObject[];
  readonly resources?: readonly RawObject[];
  readonly resourceTemplates?: readonly RawObject[];
}

/** A prompt. Named as tools are. */
export interface PromptEntry extends CallTarget {
  readonly kind: "prompt";
  readonly definition: RawObject;
}

/** A resource, or a template of resources: `name` is its URI, or URI template, as its server spells it. */
export interface ResourceEntry extends CallTarget {
  readonly kind: "resource";
  readonly definition: RawObject;
}

/** The offer, each list in order of name. */
export interface Offer {
  readonly prompts: readonly PromptEntry[];
  readonly resources: readonly ResourceEntry[];
  readonly templates: readonly ResourceEntry[];
}

/** Whose offer it is. */
export interface OfferOwner {
  readonly namespace: string;
  readonly server: string;
  readonly group: string;
}

/** Most prompts, resources and templates, each, that are taken of one server. */
export const maxOfferedPerServer = 2_000;

/** Most characters of their definitions as JSON, all together. */
const maxOfferedChars = 16 * 1024 * 1024;

/** Of a server that offers nothing but tools. One for all, so that readers see that it has not changed. */
export const noOffer: Offer = { prompts: [], resources: [], templates: [] };

/** Takes what can be served. `nameOf`: the public name of a prompt; `limited`: a sentence where something was left out. */
export function readOffer(
  owner: OfferOwner,
  lists: OfferedLists,
  nameOf: (name: string) => string,
): { readonly offer: Offer; readonly limited: string | undefined } {
  const { prompts = [], resources = [], resourceTemplates = [] } = lists;
  const listed = prompts.length + resources.length + resourceTemplates.length;
  if (listed === 0) return { offer: noOffer, limited: undefined };
  const budget = { chars: maxOfferedChars };
  const offer: Offer = {
    prompts: take(prompts, "name", budget).map(([name, definition]) => {
      return { kind: "prompt", ...owner, publicName: nameOf(name), name, definition };
    }),
    resources: take(resources, "uri", budget).map((taken) => describeResource(owner, taken)),
    templates: take(resourceTemplates, "uriTemplate", budget).map((taken) => describeResource(owner, taken)),
  };
  const served = offer.prompts.length + offer.resources.length + offer.templates.length;
  const limited = `${served} of ${listed} listed prompts, resources and templates are served.`;
  return { offer, limited: served < listed ? limited : undefined };
}

type Taken = readonly [string, RawObject];

function describeResource(owner: OfferOwner, [name, definition]: Taken): ResourceEntry {
  return { kind: "resource", ...owner, publicName: name, name, definition };
}

/** The first of each name, as far as the budget goes, in order of name. */
function take(list: readonly RawObject[], member: string, budget: { chars: number }): readonly Taken[] {
  const byName = new Map<string, RawObject>();
  for (const definition of list) {
    const name = definition[member];
    if (typeof name !== "string" || name === "" || byName.has(name)) continue;
    budget.chars -= JSON.stringify(definition).length;
    if (budget.chars < 0 || byName.size === maxOfferedPerServer) break;
    byName.set(name, definition);
  }
  return [...byName].sort(([a], [b]) => (a < b ? -1 : 1));
}
