/**
 * Narrows what an endpoint shows to what one caller may see of it: every question goes to the endpoint's own decision first, then to the
 * guard of the server. A server of which a caller may see nothing is not there for that caller. Pure.
 */
import type { CallerFacts } from "@outrigger/policy";
import { serverKey, type ServerEntry } from "../catalog/entry.ts";
import type { Decision } from "../endpoint/decide.ts";
import type { Guards } from "./guards.ts";

/** What is asked about: something that a server offers, by its own name for it. Of tools `kind` is absent. */
export interface Offered {
  readonly kind?: "prompt" | "resource";
  readonly namespace: string;
  readonly server: string;
  readonly name: string;
}

/** Whom it is narrowed to. `guards`: of the catalogue of now; `caller`: absent where nobody vouches for it. */
export interface Asker {
  readonly guards: () => Guards;
  readonly caller: CallerFacts | undefined;
}

/** Whether a caller may see and use something. */
function isAllowed({ guards, caller }: Asker, { kind, namespace, server, name }: Offered): boolean {
  const now = guards();
  if (now.size === 0) return true;
  const guard = now.get(serverKey(namespace, server));
  return guard === undefined || guard.allows({ kind: kind ?? "tool", name }, caller);
}

/** The decision for one caller. */
export function narrowDecision(base: Decision, asker: Asker): Decision {
  const mayCall: Decision["mayCall"] = (tool) => base.mayCall(tool) && isAllowed(asker, tool);
  const mayUse: Decision["mayUse"] = (target) => base.mayUse(target) && isAllowed(asker, target);
  const seesAny = ({ tools, served }: ServerEntry): boolean => {
    if (tools.some(mayCall)) return true;
    const { prompts = [], resources = [], templates = [] } = served?.offer ?? {};
    return [...prompts, ...resources, ...templates].some(mayUse);
  };
  return {
    ...base,
    mayCall,
    mayUse: (target) => base.mayUse(target) && isAllowed(asker, target),
    maySee: (server) => base.maySee(server) && (!asker.guards().has(server.key) || seesAny(server)),
  };
}
