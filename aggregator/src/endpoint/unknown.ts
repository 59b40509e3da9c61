/**
 * The answer where there is no endpoint at an address: what there is none of, and the nearest names that the caller may see. Before all
 * servers were heard one may still come: that is no 404. Pure.
 */
import { rpcCodes, wireErrors } from "@outrigger/api/errors";
import type { NamePlan, ServerEntry } from "../catalog/entry.ts";
import { nearestNames } from "../catalog/nearest.ts";
import type { EndpointAddress } from "../plan/address.ts";
import type { Refusal } from "./respond.ts";

/** What is known. `servers`: those that the caller may see; `endpoints`: the names of the endpoint file. */
export interface KnownNames {
  readonly servers: readonly ServerEntry[];
  readonly endpoints: readonly string[];
  readonly names: NamePlan;
  readonly isSettled: boolean;
}

const namesShown = 3;

/** Refuses an address. `undefined`: one of whose parts can't be a name. */
export function refuseUnknown(address: EndpointAddress | undefined, known: KnownNames): Refusal {
  const missing = address === undefined ? undefined : describeMissing(address, known);
  if (missing === undefined)
    return { status: 404, code: rpcCodes.invalidRequest, message: "There is no such endpoint." };
  const { what, name, others } = missing;
  const shown = JSON.stringify(name.replace(/\p{C}/gu, "?").slice(0, 128));
  if (missing.mayCome && !known.isSettled) {
    const message = `Servers are still being found, and ${what} ${shown} is not among them yet.`;
    return { status: 503, code: wireErrors.UpstreamStarting.jsonRpcCode, message, retryAfterSeconds: 1 };
  }
  const nearest = nearestNames(name, new Set(others), namesShown);
  const hint = nearest.length === 0 ? "" : ` The nearest names are: ${nearest.join(", ")}.`;
  return { status: 404, code: rpcCodes.invalidRequest, message: `There is no ${what} ${shown}.${hint}` };
}

interface Missing {
  readonly what: string;
  readonly name: string;
  readonly others: readonly string[];
  readonly mayCome: boolean;
}

function describeMissing(address: EndpointAddress, { servers, endpoints, names }: KnownNames): Missing | undefined {
  switch (address.kind) {
    case "all":
      return undefined;
    case "named":
      return { what: "endpoint", name: address.name, others: endpoints, mayCome: false };
    case "group": {
      const { namespace, group } = address;
      const isQualified = namespace !== undefined;
      const others = servers.map((each) => qualify(each.group, isQualified ? each.namespace : undefined));
      return { what: "group", name: qualify(group, namespace), others, mayCome: true };
    }
    case "server": {
      const { namespace, server } = address;
      // Where names tell no namespace, neither need a path.
      const isQualified = namespace !== undefined || names.qualify === "namespace";
      const others = servers.map((each) => qualify(each.server, isQualified ? each.namespace : undefined));
      return { what: "server", name: qualify(server, namespace), others, mayCome: true };
    }
  }
}

function qualify(name: string, namespace: string | undefined): string {
  return namespace === undefined ? name : `${namespace}/${name}`;
}
