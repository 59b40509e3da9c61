/**
 * Session handles: what a legacy client carries as its session id. Sealed, so that any replica can read whose session it is, at which
 * endpoint, who holds it, and what its client said when it began; nobody else reads or makes one. Pure; time and ids are passed in.
 */
import { createHash } from "node:crypto";
import { idOf, type Principal } from "../auth/principal.ts";
import type { Seal } from "./seal.ts";

/** Whether a session lives by requests, or with one stream of the older transport. */
export type HandleKind = "session" | "stream";

/** What a client said in `initialize`, as far as a server must know it again. */
export interface Greeting {
  readonly protocolVersion: string;
  readonly capabilities: Readonly<Record<string, unknown>>;
  readonly clientInfo: { readonly name: string; readonly version: string };
}

/** What a handle holds. Times in ms since 1970. */
export interface Handle {
  readonly kind: HandleKind;
  /** The session's own id: short, and of no use to whoever lacks the handle. */
  readonly id: string;
  /** Path of the endpoint. */
  readonly endpoint: string;
  /** Digest of the principal's id. */
  readonly principal: string;
  /** The replica that opened it, by its address. */
  readonly owner: string;
  readonly bornMs: number;
  readonly expiresMs: number;
  /** Absent where it is too long to be carried: such a session can't go on at another replica. */
  readonly greeting?: Greeting;
}

/** Why a handle is refused; each is told to the client as an unknown session. */
export type HandleProblem = "unsealed" | "expired" | "foreign";

/** A handle that may be used, or why not. */
export type OpenedHandle =
  { readonly ok: true; readonly handle: Handle } | { readonly ok: false; readonly problem: HandleProblem };

/** Longest life of a handle: a client that holds it longer begins anew. */
export const handleLifeMs = 7 * 24 * 3_600_000;
/** Longest handle in letters. It is a header's value on every request. */
export const maxHandleLength = 2_048;
/** Longest greeting in bytes of JSON that a handle carries. */
const maxGreetingBytes = 768;
/** How far clocks of replicas may differ. */
const skewMs = 60_000;

/** Who presents a handle, where, and when. */
export interface Presented {
  readonly kind: HandleKind;
  readonly principal: Principal;
  readonly endpoint: string;
  readonly nowMs: number;
}

/** What a handle is made from. */
export interface NewHandle extends Presented {
  readonly id: string;
  readonly owner: string;
  readonly greeting: Greeting | undefined;
}

/** Seals a new handle. */
export function sealHandle(seal: Seal, { kind, id, endpoint, principal, owner, nowMs, greeting }: NewHandle): string {
  const isCarried = greeting !== undefined && Buffer.byteLength(JSON.stringify(greeting)) <= maxGreetingBytes;
  const handle: Handle = {
    ...{ kind, id, endpoint, principal: digestPrincipal(principal), owner },
    ...{ bornMs: nowMs, expiresMs: nowMs + handleLifeMs },
    ...(isCarried ? { greeting } : {}),
  };
  return seal.seal("session", Buffer.from(JSON.stringify(handle)));
}

/** Opens a handle and says whether it is this principal's at this endpoint, now. */
export function openHandle(seal: Seal, text: string, presented: Presented): OpenedHandle {
  const data = text.length > maxHandleLength ? undefined : seal.open("session", text);
  if (data === undefined) return { ok: false, problem: "unsealed" };
  // Sealed by a replica of this installation, which writes nothing else.
  const handle = JSON.parse(data.toString("utf8")) as Handle;
  const { kind, principal, endpoint, nowMs } = presented;
  const isTheirs = handle.principal === digestPrincipal(principal);
  if (!isTheirs || handle.endpoint !== endpoint || handle.kind !== kind) return { ok: false, problem: "foreign" };
  const isLiving = nowMs < handle.expiresMs && nowMs > handle.bornMs - skewMs;
  return isLiving ? { ok: true, handle } : { ok: false, problem: "expired" };
}

/** What of an `initialize` a handle carries; undefined for a body that is not one. */
export function readGreeting(body: unknown): Greeting | undefined {
  const params = isObject(body) && body["method"] === "initialize" ? body["params"] : undefined;
  if (!isObject(params)) return undefined;
  const { protocolVersion, capabilities, clientInfo } = params;
  if (typeof protocolVersion !== "string" || !isObject(capabilities) || !isObject(clientInfo)) return undefined;
  const { name, version } = clientInfo;
  if (typeof name !== "string" || typeof version !== "string") return undefined;
  return { protocolVersion, capabilities, clientInfo: { name, version } };
}

/** Ids of principals may be long, and tell who they are. */
function digestPrincipal(principal: Principal): string {
  return createHash("sha256").update(idOf(principal)).digest("base64url").slice(0, 22);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
