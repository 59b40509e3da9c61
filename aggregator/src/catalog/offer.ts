/**
 * What a server offers beside tools: prompts, resources and templates of resources, under the names that callers use. Decides which
 * entries of a list are taken (caps, entries that are held back). Pure.
 */
import type { RawObject } from "@outrigger/api/feed";
import { judgeEntry, repeated, type HeldBack } from "./sound.ts";
import type { ListedKind } from "./shapes.ts";
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

/** Most bytes of their definitions as JSON, all together. */
const maxOfferedBytes = 16 * 1024 * 1024;

/** Of a server that offers nothing but tools. One for all, so that readers see that it has not changed. */
export const noOffer: Offer = { prompts: [], resources: [], templates: [] };

/** How prompts are named, and where what is held back is counted. */
export interface OfferTaking {
  readonly nameOf: (name: string) => string;
  readonly heldBack: HeldBack;
}

/** What is served of an offer: `limited` is a sentence where something was left out, `listed` how many entries there were. */
export interface TakenOffer {
  readonly offer: Offer;
  readonly limited: string | undefined;
  readonly listed: number;
}

/** Takes what can be served. */
export function readOffer(owner: OfferOwner, lists: OfferedLists, taking: OfferTaking): TakenOffer {
  const { prompts = [], resources = [], resourceTemplates = [] } = lists;
  const listed = prompts.length + resources.length + resourceTemplates.length;
  if (listed === 0) return { offer: noOffer, limited: undefined, listed };
  const budget: Budget = { bytes: maxOfferedBytes, leftOut: 0, heldBack: taking.heldBack };
  const offer: Offer = {
    prompts: take("prompt", prompts, budget).map(([name, definition]) => {
      return { kind: "prompt", ...owner, publicName: taking.nameOf(name), name, definition };
    }),
    resources: take("resource", resources, budget).map((taken) => describeResource(owner, taken)),
    templates: take("template", resourceTemplates, budget).map((taken) => describeResource(owner, taken)),
  };
  const served = offer.prompts.length + offer.resources.length + offer.templates.length;
  const limited = `${served} of ${listed} listed prompts, resources and templates are served.`;
  return { offer, limited: budget.leftOut > 0 ? limited : undefined, listed };
}

type Taken = readonly [string, RawObject];

function describeResource(owner: OfferOwner, [name, definition]: Taken): ResourceEntry {
  return { kind: "resource", ...owner, publicName: name, name, definition };
}

interface Budget {
  bytes: number;
  leftOut: number;
  readonly heldBack: HeldBack;
}

/** The first of each name, as far as the budget goes, in order of name. */
function take(kind: ListedKind, list: readonly RawObject[], budget: Budget): readonly Taken[] {
  const byName = new Map<string, RawObject>();
  for (const [at, definition] of list.entries()) {
    const judged = judgeEntry(kind, definition);
    if (!judged.ok) budget.heldBack.add(judged.flaw);
    else if (byName.has(judged.name)) budget.heldBack.add(repeated);
    else {
      budget.bytes -= judged.bytes;
      if (budget.bytes < 0 || byName.size === maxOfferedPerServer) {
        budget.leftOut += list.length - at;
        break;
      }
      byName.set(judged.name, definition);
    }
  }
  return [...byName].sort(([a], [b]) => (a < b ? -1 : 1));
}
