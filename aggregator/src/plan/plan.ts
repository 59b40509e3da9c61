/**
 * What an endpoint serves and how: from its address, the endpoint file and the settings to one plan. Decides nothing about callers. Pure.
 */
import type { NamePlan } from "../catalog/entry.ts";
import type { Scope } from "../endpoint/decide.ts";
import type { EndpointAddress } from "./address.ts";
import type { Exposure } from "./exposure.ts";
import type { Reshape } from "./lens.ts";
import { createSelector, type Selection } from "./selection.ts";
import type { ToolRule } from "./tool-rule.ts";

/** What the endpoint file says of a group's endpoint. An absent `exposure` is that of the settings. */
export interface GroupSettings {
  readonly description?: string;
  readonly exposure?: Exposure;
  readonly selection: Selection;
}

/** A named endpoint of the file. */
export interface NamedEndpoint {
  readonly description?: string;
  readonly exposure: Exposure;
  readonly selection: Selection;
  readonly rules: readonly ToolRule[];
}

/** The endpoint file, read. Groups by NAME or NAMESPACE/NAME. */
export interface EndpointFile {
  readonly endpoints: ReadonlyMap<string, NamedEndpoint>;
  readonly groups: ReadonlyMap<string, GroupSettings>;
}

/** An endpoint file that says nothing. */
export const noEndpoints: EndpointFile = { endpoints: new Map(), groups: new Map() };

/** A plan. `about`: what the endpoint is for, in the words of who set it up. */
export interface EndpointPlan {
  readonly scope: Scope;
  readonly exposure: Exposure;
  readonly reshape?: Reshape;
  readonly about?: string;
}

/** What plans are made from. `exposure` is that of the settings; `names` says which namespace is meant where none is said. */
export interface PlanInputs {
  readonly file: EndpointFile;
  readonly exposure: Exposure;
  readonly names: NamePlan;
}

/** The plan for an address; undefined where there can be no such endpoint: a name that the file lacks, a server without its namespace. */
export function planEndpoint(address: EndpointAddress, inputs: PlanInputs): EndpointPlan | undefined {
  const { file, exposure } = inputs;
  switch (address.kind) {
    case "all":
      return { scope: {}, exposure };
    case "group":
      return planGroup(address, inputs);
    case "server":
      return planServer(address, inputs);
    case "named": {
      const named = file.endpoints.get(address.name);
      if (named === undefined) return undefined;
      const { description: about, selection, rules } = named;
      const reshape: Reshape = { kind: "selection", selection, rules };
      return { scope: {}, exposure: named.exposure, reshape, ...(about === undefined ? {} : { about }) };
    }
  }
}

function planGroup(
  { group, namespace }: Extract<EndpointAddress, { kind: "group" }>,
  { file, exposure }: PlanInputs,
): EndpointPlan {
  const scope = { group, ...(namespace === undefined ? {} : { namespace }) };
  const own = namespace === undefined ? undefined : file.groups.get(`${namespace}/${group}`);
  const settings = own ?? file.groups.get(group);
  if (settings === undefined) return { scope, exposure };
  const { description: about, selection } = settings;
  const isNarrowed = selection.include.length + selection.exclude.length > 0;
  return {
    scope: { ...scope, ...(isNarrowed ? { shows: createSelector(selection) } : {}) },
    exposure: settings.exposure ?? exposure,
    ...(about === undefined ? {} : { about }),
  };
}

function planServer(
  { server, namespace }: Extract<EndpointAddress, { kind: "server" }>,
  { names }: PlanInputs,
): EndpointPlan | undefined {
  const inside = namespace ?? (names.qualify === "server" ? names.namespace : undefined);
  if (inside === undefined) return undefined;
  const exposure: Exposure = { mode: "direct", directBelow: 0, pinned: [] };
  return { scope: {}, exposure, reshape: { kind: "server", namespace: inside, server } };
}
