/**
 * All prompts and resources that one caller sees, as one list each: what is shown, what a name or a URI leads to, and how the URIs of
 * one server are spelled for this caller. Depends on nothing that the caller does not see. Pure.
 */
import type { JsonObject } from "@outrigger/mcp";
import { serverKey, type ServerEntry } from "./entry.ts";
import type { PromptEntry, ResourceEntry } from "./offer.ts";
import type { CallTarget } from "./target.ts";
import { matchesTemplate, readRoutedUri, writeRoutedUri, type UriOwner } from "./uri.ts";

/** What one caller may see of the catalogue. */
export interface VisibleOffer {
  readonly servers: readonly ServerEntry[];
  readonly mayUse: (target: CallTarget) => boolean;
}

/** The offers of several servers as one. Lists are in order of public name. */
export interface Offers {
  /** How many servers are seen. */
  readonly serverCount: number;
  readonly prompts: readonly JsonObject[];
  readonly resources: readonly JsonObject[];
  readonly templates: readonly JsonObject[];
  readonly findPrompt: (publicName: string) => PromptEntry | undefined;
  /** What a URI leads to: a listed resource, else what a template can give, else, in its routed form, what its server may know. */
  readonly findResource: (uri: string) => CallTarget | undefined;
  /** What a URI template leads to. */
  readonly findTemplate: (uriTemplate: string) => CallTarget | undefined;
  /** A URI of a server as this caller has to spell it. */
  readonly spell: (owner: UriOwner, uri: string) => string;
}

/** Puts the offers together. Cost: linear in what is visible. */
export function mergeOffers({ servers, mayUse }: VisibleOffer): Offers {
  const ordered = [...servers].sort((a, b) => (a.key < b.key ? -1 : 1));
  const prompts = ordered.flatMap(({ offer }) => offer.prompts.filter(mayUse));
  const resources = ordered.flatMap(({ offer }) => offer.resources.filter(mayUse));
  const templates = ordered.flatMap(({ offer }) => offer.templates.filter(mayUse));
  const byName = new Map(prompts.map((prompt) => [prompt.publicName, prompt]));
  const byUri = groupByName(resources);
  const byTemplate = groupByName(templates);
  const readable = new Set([...resources, ...templates].map(({ namespace, server }) => serverKey(namespace, server)));
  const byServer = new Map(ordered.map((server) => [server.key, server]));
  const only = ordered.length === 1 ? ordered[0] : undefined;

  /** The one resource of this URI that can be meant; undefined where there are several or none. */
  const findPlain = (uri: string): ResourceEntry | undefined => {
    const listed = byUri.get(uri);
    if (listed !== undefined) return onlyOf(listed);
    return onlyOf(templates.filter((template) => matchesTemplate(template.name, uri)));
  };
  const aim = (owner: UriOwner & { readonly group: string }, uri: string): CallTarget | undefined => {
    const { namespace, server, group } = owner;
    const target = { kind: "resource", namespace, server, group, name: uri, publicName: spell(owner, uri) } as const;
    return mayUse(target) ? target : undefined;
  };
  const spell = (owner: UriOwner, uri: string): string => {
    // Of a server that says of no resource nobody can read one, whatever its results link to.
    if (only !== undefined || !readable.has(serverKey(owner.namespace, owner.server))) return uri;
    const found = findPlain(uri);
    return found !== undefined && isOf(owner, found) ? uri : writeRoutedUri(owner, uri);
  };
  const findOwner = (uri: string) => {
    const routed = readRoutedUri(uri);
    const server = routed && byServer.get(serverKey(routed.namespace, routed.server));
    return routed !== undefined && server !== undefined ? { owner: server, uri: routed.uri } : undefined;
  };
  const spellTemplate = (template: ResourceEntry): string =>
    onlyOf(byTemplate.get(template.name) ?? []) === template ? template.name : writeRoutedUri(template, template.name);

  return {
    serverCount: ordered.length,
    prompts: prompts.map(({ definition, publicName }) => ({ ...definition, name: publicName })).sort(byMember("name")),
    resources: resources
      .map((resource) => ({ ...named(resource), uri: spell(resource, resource.name) }))
      .sort(byMember("uri")),
    templates: templates
      .map((template) => ({ ...named(template), uriTemplate: spellTemplate(template) }))
      .sort(byMember("uriTemplate")),
    findPrompt: (publicName) => byName.get(publicName),
    findResource: (uri) => {
      const owned = findOwner(uri);
      if (owned !== undefined) return aim(owned.owner, owned.uri);
      const found = findPlain(uri) ?? only;
      return found === undefined ? undefined : aim(found, uri);
    },
    findTemplate: (uriTemplate) => {
      const owned = findOwner(uriTemplate);
      if (owned !== undefined) return aim(owned.owner, owned.uri);
      const found = onlyOf(byTemplate.get(uriTemplate) ?? []);
      return found === undefined ? undefined : aim(found, uriTemplate);
    },
    spell,
  };
}

/** Clients refuse a whole list for a resource without a name. */
function named({ name, definition }: ResourceEntry): JsonObject {
  return definition["name"] === undefined ? { name, ...definition } : definition;
}

function groupByName(entries: readonly ResourceEntry[]): ReadonlyMap<string, readonly ResourceEntry[]> {
  const groups = new Map<string, ResourceEntry[]>();
  for (const entry of entries) {
    const group = groups.get(entry.name);
    if (group === undefined) groups.set(entry.name, [entry]);
    else group.push(entry);
  }
  return groups;
}

function onlyOf<T>(items: readonly T[]): T | undefined {
  return items.length === 1 ? items[0] : undefined;
}

function isOf(owner: UriOwner, { namespace, server }: UriOwner): boolean {
  return owner.namespace === namespace && owner.server === server;
}

function byMember(member: string): (a: JsonObject, b: JsonObject) => number {
  return (a, b) => {
    const [one, other] = [String(a[member]), String(b[member])];
    if (one === other) return 0;
    return one < other ? -1 : 1;
  };
}
