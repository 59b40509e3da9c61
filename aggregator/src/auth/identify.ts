/** The question of who makes a request, and its answers. Types alone: the door answers it. */
import type { IncomingMessage } from "node:http";
import type { Refusal } from "../endpoint/respond.ts";
import type { Principal } from "./principal.ts";

/** Who makes a request, or how it is refused. */
export type Identified =
  { readonly ok: true; readonly principal: Principal } | { readonly ok: false; readonly refusal: Refusal };

/** Finds out who makes a request, from its headers and its connection. Never rejects. */
export type Identify = (request: IncomingMessage) => Promise<Identified>;
