/**
 * Requests about a prompt or a resource: from the name or URI that the caller gave to the one target that it may use, and the request with
 * the server's own names. What is hidden and what is absent get the same answer. Pure but for the relaying at the end.
 */
import { rpcCodes } from "@outrigger/api/errors";
import type { JsonObject } from "@outrigger/mcp";
import type { Offers } from "../../catalog/offers.ts";
import type { CallTarget } from "../../catalog/target.ts";
import { nearestNames } from "../../catalog/nearest.ts";
import type { CallOutcome } from "../../route/failure.ts";
import {
  isObject,
  refuseArguments,
  refuseWhileReading,
  type EndpointParts,
  type Invocation,
} from "../tools/invocation.ts";
import { offersOf } from "./offers-of.ts";
import { relayRequest } from "./relay-request.ts";

/** Where a request goes, and what it is there; or what is wrong with it. */
export type Aimed =
  | { readonly ok: true; readonly asked: string; readonly target: CallTarget; readonly params: JsonObject }
  | { readonly ok: false; readonly asked: string; readonly outcome: CallOutcome };

/** Finds the target of the params of one method. `params`: as they came. */
export type Aim = (offers: Offers, params: JsonObject) => Aimed;

/** `prompts/get`. */
export const aimAtPrompt: Aim = (offers, params) => {
  const { name } = params;
  if (typeof name !== "string") return refuse("name", "the name of a prompt", name);
  const target = offers.findPrompt(name);
  return target === undefined ? absentPrompt(offers, name) : aimAt(name, target, { ...params, name: target.name });
};

/** `resources/read`, and subscriptions to one resource. */
export const aimAtResource: Aim = (offers, params) => {
  const { uri } = params;
  if (typeof uri !== "string") return refuse("uri", "the URI of a resource", uri);
  const target = offers.findResource(uri);
  return target === undefined ? absentResource(uri) : aimAt(uri, target, { ...params, uri: target.name });
};

/** `completion/complete`: by the prompt or the template that is referred to. */
export const aimAtRef: Aim = (offers, params) => {
  const { ref } = params;
  if (!isObject(ref)) return refuse("ref", "a reference to a prompt or a resource", ref);
  const { type, name, uri } = ref;
  if (type === "ref/prompt" && typeof name === "string") {
    const target = offers.findPrompt(name);
    if (target === undefined) return absentPrompt(offers, name);
    return aimAt(name, target, { ...params, ref: { ...ref, name: target.name } });
  }
  if (type === "ref/resource" && typeof uri === "string") {
    const target = offers.findTemplate(uri) ?? offers.findResource(uri);
    if (target === undefined) return absentResource(uri);
    return aimAt(uri, target, { ...params, ref: { ...ref, uri: target.name } });
  }
  return refuse("ref", 'type "ref/prompt" with a name, or "ref/resource" with a uri', ref);
};

/** Members that belong to the way of a request to us. */
const ours: readonly string[] = ["_meta", "inputResponses", "requestState"];

function aimAt(asked: string, target: CallTarget, params: JsonObject): Aimed {
  const own = Object.entries(params).filter(([name]) => !ours.includes(name));
  return { ok: true, asked, target, params: Object.fromEntries(own) };
}

function refuse(field: string, expected: string, got: unknown): Aimed {
  return { ok: false, asked: "", outcome: refuseArguments(field, expected, got) };
}

function absentPrompt(offers: Offers, name: string): Aimed {
  const nearest = nearestNames(name, new Set(offers.prompts.map((prompt) => String(prompt["name"]))), 3);
  const hint = nearest.length === 0 ? "" : `. The nearest names are: ${nearest.join(", ")}`;
  return absent(name, `Unknown prompt: ${show(name)}${hint}`);
}

function absentResource(uri: string): Aimed {
  return absent(uri, `Unknown resource: ${show(uri)}. Read it by a URI that the lists of this endpoint give.`);
}

function absent(asked: string, message: string): Aimed {
  return { ok: false, asked, outcome: { kind: "error", error: { code: rpcCodes.invalidParams, message } } };
}

const show = (text: string): string => text.replace(/\p{C}/gu, "?").slice(0, 256);

/** One request of a caller that goes to a server by this aim. */
export async function relayAimed(
  parts: EndpointParts,
  { aim, method, params }: { readonly aim: Aim; readonly method: string; readonly params: JsonObject },
  invocation: Invocation,
): Promise<CallOutcome> {
  const aimed = aim(offersOf(parts.state.catalogue(), parts.decision), params);
  // Of what was named nothing is known yet.
  if (!aimed.ok && aimed.asked !== "" && parts.state.phase() !== "read") return refuseWhileReading(aimed.asked);
  if (!aimed.ok) return aimed.outcome;
  invocation.operation.ask({ name: aimed.asked });
  return relayRequest(parts, { target: aimed.target, request: { method, params: aimed.params } }, invocation);
}
