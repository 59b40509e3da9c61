/**
 * Subscriptions of clients to resources: of a legacy client until it unsubscribes or its session ends, of a modern one as long as the stream
 * is open on which it listens. Decides what is subscribed to; a resource that can't be had can't be subscribed to.
 */
import { rpcCodes } from "@outrigger/api/errors";
import type { JsonObject, RpcError } from "@outrigger/mcp";
import { idOf, type Principal } from "../../auth/principal.ts";
import type { CallOutcome } from "../../route/failure.ts";
import { isObject, type EndpointParts } from "../tools/invocation.ts";
import type { Answer } from "./answer.ts";
import { offersOf } from "./offers-of.ts";
import { aimAtResource } from "./targets.ts";

/** Who subscribes. `caller`: whose upstream sessions may be used. */
export interface Subscriber {
  readonly caller: string;
  readonly principal: Principal;
}

/** Most resources that one session, or one stream, hears of. */
const maxSubscriptions = 256;

const tooMany: RpcError = {
  code: rpcCodes.invalidParams,
  message: `No more than ${maxSubscriptions} resources may be subscribed to at once here.`,
};

type Subscribed =
  { readonly ok: true; readonly release: () => void } | { readonly ok: false; readonly error: RpcError };

async function subscribe(
  parts: EndpointParts,
  { uri, caller, principal }: Subscriber & { readonly uri: unknown },
  onUpdated: () => void,
): Promise<Subscribed> {
  const aimed = aimAtResource(offersOf(parts.state.catalogue(), parts.decision), { uri });
  if (aimed.ok) return parts.relay.watch({ target: aimed.target, caller, principal }, onUpdated);
  // An aim that fails always ends in an error.
  return { ok: false, error: (aimed.outcome as Extract<CallOutcome, { kind: "error" }>).error };
}

/** The subscriptions of one legacy session. `tell` says that a resource has changed, by the URI that the client has given. */
export function createSessionSubscriptions(tell: (uri: string) => void): {
  readonly subscribe: Answer;
  readonly unsubscribe: Answer;
  readonly end: () => void;
} {
  const releases = new Map<string, () => void>();
  const done: CallOutcome = { kind: "result", result: {} };
  let hasEnded = false;
  return {
    subscribe: async (parts, { caller, principal }, { uri }) => {
      const name = String(uri);
      if (releases.has(name)) return done;
      if (releases.size >= maxSubscriptions) return { kind: "error", error: tooMany };
      const subscribed = await subscribe(parts, { uri, caller, principal }, () => tell(name));
      if (!subscribed.ok) return { kind: "error", error: subscribed.error };
      // Asked for twice at the same time, or by a session that has ended meanwhile.
      if (hasEnded || releases.has(name)) subscribed.release();
      else releases.set(name, subscribed.release);
      return done;
    },
    unsubscribe: (_parts, _invocation, { uri }) => {
      releases.get(String(uri))?.();
      releases.delete(String(uri));
      return Promise.resolve(done);
    },
    end: () => {
      hasEnded = true;
      for (const release of releases.values()) release();
      releases.clear();
    },
  };
}

/** What a modern stream listens to. `publish` tells all streams that named the URI. */
export interface ListenedStream {
  readonly parts: EndpointParts;
  readonly principal: Principal;
  readonly params: unknown;
  readonly publish: (uri: string) => void;
}

/** Subscribes to all resources that a stream names, or to none. `release` is for the end of the stream. */
export async function subscribeStream({ parts, principal, params, publish }: ListenedStream): Promise<Subscribed> {
  const uris = readSubscriptions(params);
  if (uris.length > maxSubscriptions) return { ok: false, error: tooMany };
  const caller = idOf(principal);
  const started = uris.map((uri) => subscribe(parts, { uri, caller, principal }, () => publish(String(uri))));
  const subscribed = await Promise.all(started);
  const release = (): void => {
    for (const each of subscribed) if (each.ok) each.release();
  };
  const refused = subscribed.find((each) => !each.ok);
  if (refused === undefined) return { ok: true, release };
  release();
  return refused;
}

/** True for the request that opens such a stream. */
export function opensStream(message: unknown): message is JsonObject {
  return isObject(message) && message["method"] === "subscriptions/listen" && message["id"] !== undefined;
}

function readSubscriptions(params: unknown): readonly unknown[] {
  const notifications = isObject(params) ? params["notifications"] : undefined;
  const uris = isObject(notifications) ? notifications["resourceSubscriptions"] : undefined;
  return Array.isArray(uris) ? [...new Set<unknown>(uris)] : [];
}
