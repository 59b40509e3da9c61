/**
 * What a modern caller carries of a call that is held for it: which call, at which replica of the aggregator, and which round of questions it
 * answers. Sealed for this caller, this request and this server, like the states of modern servers. Pure; the time is passed in.
 */
import type { Seal } from "../../../replicas/seal.ts";
import { digestOwner, type StateOwner } from "../request-state.ts";

/** A held call as its caller names it. `replica`: the address of who holds it; `expiresMs`: since 1970. */
export interface HeldReference {
  readonly id: string;
  readonly replica: string;
  readonly round: number;
  readonly expiresMs: number;
}

interface Written extends HeldReference {
  readonly owner: string;
}

/** The text for a reference. */
export function sealHeld(seal: Seal, owner: StateOwner, reference: HeldReference): string {
  const written: Written = { ...reference, owner: digestOwner(owner) };
  return seal.seal("held", Buffer.from(JSON.stringify(written)));
}

/** The reference, whoever presents it: enough to know which replica to ask. Undefined for what is none, or too old. */
export function locateHeld(seal: Seal, text: unknown, nowMs: number): HeldReference | undefined {
  return read(seal, text, nowMs);
}

/** The same for its owner alone; undefined for anybody else, and for another request. */
export function openHeld(
  seal: Seal,
  text: unknown,
  { owner, nowMs }: { readonly owner: StateOwner; readonly nowMs: number },
): HeldReference | undefined {
  const written = read(seal, text, nowMs);
  return written?.owner === digestOwner(owner) ? written : undefined;
}

function read(seal: Seal, text: unknown, nowMs: number): Written | undefined {
  const opened = typeof text === "string" ? seal.open("held", text) : undefined;
  if (opened === undefined) return undefined;
  // Sealed above, and by nobody else.
  const written = JSON.parse(opened.toString("utf8")) as Written;
  return written.expiresMs > nowMs ? written : undefined;
}
