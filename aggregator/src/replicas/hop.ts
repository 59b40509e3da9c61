/**
 * What one replica tells another with a request that it passes on: who makes it, from where, that its Host, Origin and credential were
 * checked, and that it was passed on once already. Sealed for this one request, so that nobody but a replica can say it. Pure.
 */
import { createHash } from "node:crypto";
import type { Principal } from "../auth/principal.ts";
import type { Seal } from "./seal.ts";

/** The header that bears it, and the one by which a replica says that it does not take the request. */
export const hopHeader = "outrigger-hop";

/** The answer's header: why a replica serves none of what was passed on. */
export type HopRefusal = "unsealed" | "leaving";

/** The request that a hop is for. */
export interface HoppedRequest {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly body: Uint8Array;
}

/** What is told. `caller`: how the first replica names it in audit lines. */
export interface Hop {
  readonly principal: Principal;
  readonly caller: string;
}

/** The time, ms since 1970. */
interface AtMs {
  readonly nowMs: number;
}

interface SealedHop extends Hop {
  readonly digest: string;
  readonly atMs: number;
}

/** How old it may be, and how far clocks may differ. */
const maxAgeMs = 30_000;

/** Seals what is told with a request. */
export function sealHop(seal: Seal, { principal, caller }: Hop, { nowMs, ...request }: HoppedRequest & AtMs): string {
  const sealed: SealedHop = { principal, caller, digest: digestOf(request), atMs: nowMs };
  return seal.seal("hop", Buffer.from(JSON.stringify(sealed)));
}

/** What another replica tells with this request; undefined where it was none, or told it of another request or long ago. */
export function openHop(seal: Seal, text: unknown, { nowMs, ...request }: HoppedRequest & AtMs): Hop | undefined {
  const data = typeof text === "string" ? seal.open("hop", text) : undefined;
  if (data === undefined) return undefined;
  // Sealed by a replica of this installation, which writes nothing else.
  const { principal, caller, digest, atMs } = JSON.parse(data.toString("utf8")) as SealedHop;
  return digest === digestOf(request) && Math.abs(nowMs - atMs) <= maxAgeMs ? { principal, caller } : undefined;
}

/** How a replica names the caller of a request that it passes on, before the request's body has come; undefined where no replica tells. */
export function readHopCaller(seal: Seal, text: unknown): string | undefined {
  const data = typeof text === "string" ? seal.open("hop", text) : undefined;
  return data === undefined ? undefined : (JSON.parse(data.toString("utf8")) as SealedHop).caller;
}

function digestOf({ method, url, body }: HoppedRequest): string {
  return createHash("sha256").update(`${method} ${url}\n`).update(body).digest("base64url");
}
