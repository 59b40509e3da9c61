/**
 * The ids of tasks as callers know them: sealed, so that a task is asked about by the caller whose call it is alone, and the request finds the
 * replica of the server that runs it. Nothing is kept of a task here. Pure; the time is passed in. Source: MCP extension tasks, "Security".
 */
import { createHash } from "node:crypto";
import type { Seal } from "../../replicas/seal.ts";

/** A task: whose call of which tool of which server it is. `taskId`: the server's own; `replica`: its sidecar's key. */
export interface KnownTask {
  /** The id of the caller's principal. */
  readonly caller: string;
  readonly namespace: string;
  readonly server: string;
  readonly tool: string;
  readonly replica: string;
  readonly taskId: string;
}

/** How long in ms an id is good for. What servers keep of a task ends long before. */
export const taskLifeMs = 7 * 24 * 3_600_000;

interface Written extends Omit<KnownTask, "caller"> {
  readonly owner: string;
  readonly expiresMs: number;
}

/** The id for the caller. */
export function sealTaskId(seal: Seal, { caller, ...task }: KnownTask, nowMs: number): string {
  const written: Written = { ...task, owner: digest(caller), expiresMs: nowMs + taskLifeMs };
  return seal.seal("task", Buffer.from(JSON.stringify(written)));
}

/** The task of an id; undefined for what is none of this caller's, or too old. */
export function openTaskId(
  seal: Seal,
  text: unknown,
  { caller, nowMs }: { readonly caller: string; readonly nowMs: number },
): KnownTask | undefined {
  const opened = typeof text === "string" ? seal.open("task", text) : undefined;
  if (opened === undefined) return undefined;
  // Sealed above, and by nobody else.
  const { owner, expiresMs, ...task } = JSON.parse(opened.toString("utf8")) as Written;
  return owner === digest(caller) && expiresMs > nowMs ? { ...task, caller } : undefined;
}

/** Ids of principals may be long. */
function digest(caller: string): string {
  return createHash("sha256").update(caller).digest("base64url").slice(0, 22);
}
