/**
 * Decides whether the members that were read make one JSON-RPC message that MCP allows.
 * Before: fields.ts. It does not decide whether a known method lacks its target: the policy decision denies that.
 */
import type { MethodSubject } from "../methods.ts";
import { unreadable } from "./fields.ts";
import type { Scan } from "./members.ts";
import type { ScanProblem, ScannedMessage } from "./result.ts";

/** Which unreadable members matter for a method, by what it acts on. */
const neededBy: Readonly<Record<MethodSubject, number>> = {
  tool: unreadable.name,
  prompt: unreadable.name,
  resource: unreadable.uri,
  ref: unreadable.ref,
  task: unreadable.taskId,
  listen: unreadable.listen,
  none: 0,
};

/** Returns the type of the finished message, or why it is none. */
export function finishMessage(scan: Scan): ScannedMessage["type"] | { readonly problem: ScanProblem } {
  if (!scan.hasVersion) return { problem: "BadVersion" };
  return scan.draft.method === undefined ? finishResponse(scan) : finishCall(scan);
}

function finishResponse(scan: Scan): ScannedMessage["type"] | { readonly problem: ScanProblem } {
  if (scan.hasResult === scan.hasError) return { problem: "BadMessage" };
  // An error may answer a request whose id could not be read; a result always answers one.
  if (scan.hasResult && (scan.draft.id === undefined || scan.draft.id === null)) return { problem: "BadId" };
  return "response";
}

function finishCall(scan: Scan): ScannedMessage["type"] | { readonly problem: ScanProblem } {
  if (scan.hasResult || scan.hasError) return { problem: "BadMessage" };
  // Null is neither a request's id nor its absence: decoders disagree which.
  if (scan.draft.id === null) return { problem: "BadId" };
  const needed = neededBy[scan.info?.subject ?? "none"];
  if ((scan.unreadable & needed) !== 0) return { problem: "BadName" };
  if (scan.draft.id !== undefined) return "request";
  // Whose answer nobody waits for: servers differ in whether they do it all the same.
  return scan.info?.form === "request" ? { problem: "BadId" } : "notification";
}
