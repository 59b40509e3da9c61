/**
 * The methods of both eras: who sends them, what they act on, what their answer lists and what they cost.
 * It says what a method is, not whether it is allowed. Source: MCP schemas 2024-11-05 to 2026-07-28, tasks extension.
 */

/** Legacy: 2024-11-05 to 2025-11-25. Modern: 2026-07-28. */
export type Era = "legacy" | "modern";

/** Where the target of a method stands: `params.name` (tool, prompt), `.uri`, `.ref`, `.taskId`, `.notifications`. */
export type MethodSubject = "tool" | "prompt" | "resource" | "ref" | "task" | "listen" | "none";

/** The lists of MCP, by the member of the result that holds the array. */
export type ListKind = "tools" | "prompts" | "resources" | "resourceTemplates";

export interface MethodInfo {
  readonly method: string;
  readonly eras: readonly Era[];
  /** Methods that may go both ways (`ping`, `notifications/cancelled`, `…/progress`, legacy tasks) are client-to-server. */
  readonly direction: "client-to-server" | "server-to-client";
  readonly form: "request" | "notification";
  readonly subject: MethodSubject;
  /** Set when the answer is a list that policy filters. */
  readonly list?: ListKind;
  /** The member of `params` that `Mcp-Name` repeats on modern requests. */
  readonly nameHeader?: "name" | "uri" | "taskId";
  /** `call`: makes the server work on one item, so limits count it. */
  readonly cost: "free" | "call";
}

const both: readonly Era[] = ["legacy", "modern"];
const legacy: readonly Era[] = ["legacy"];
const modern: readonly Era[] = ["modern"];

type Row = Pick<MethodInfo, "method" | "eras"> & Partial<MethodInfo>;

const clientRequests: readonly Row[] = [
  { method: "initialize", eras: legacy },
  { method: "ping", eras: legacy },
  { method: "logging/setLevel", eras: legacy },
  { method: "server/discover", eras: modern },
  { method: "tools/list", eras: both, list: "tools" },
  { method: "tools/call", eras: both, subject: "tool", nameHeader: "name", cost: "call" },
  { method: "prompts/list", eras: both, list: "prompts" },
  { method: "prompts/get", eras: both, subject: "prompt", nameHeader: "name", cost: "call" },
  { method: "resources/list", eras: both, list: "resources" },
  { method: "resources/templates/list", eras: both, list: "resourceTemplates" },
  { method: "resources/read", eras: both, subject: "resource", nameHeader: "uri", cost: "call" },
  { method: "resources/subscribe", eras: legacy, subject: "resource" },
  { method: "resources/unsubscribe", eras: legacy, subject: "resource" },
  { method: "completion/complete", eras: both, subject: "ref", cost: "call" },
  { method: "subscriptions/listen", eras: modern, subject: "listen" },
  { method: "tasks/get", eras: both, subject: "task", nameHeader: "taskId" },
  { method: "tasks/cancel", eras: both, subject: "task", nameHeader: "taskId" },
  { method: "tasks/update", eras: modern, subject: "task", nameHeader: "taskId" },
  { method: "tasks/result", eras: legacy, subject: "task" },
  { method: "tasks/list", eras: legacy },
];

const clientNotifications: readonly Row[] = [
  { method: "notifications/initialized", eras: legacy },
  { method: "notifications/cancelled", eras: both },
  { method: "notifications/progress", eras: both },
  { method: "notifications/roots/list_changed", eras: legacy },
];

const serverRequests: readonly Row[] = [
  { method: "sampling/createMessage", eras: legacy },
  { method: "elicitation/create", eras: legacy },
  { method: "roots/list", eras: legacy },
];

const serverNotifications: readonly Row[] = [
  { method: "notifications/message", eras: both },
  { method: "notifications/tools/list_changed", eras: both },
  { method: "notifications/prompts/list_changed", eras: both },
  { method: "notifications/resources/list_changed", eras: both },
  { method: "notifications/resources/updated", eras: both },
  { method: "notifications/elicitation/complete", eras: legacy },
  { method: "notifications/tasks/status", eras: legacy },
  { method: "notifications/tasks", eras: modern },
  { method: "notifications/subscriptions/acknowledged", eras: modern },
];

function fill(rows: readonly Row[], way: Pick<MethodInfo, "direction" | "form">): MethodInfo[] {
  return rows.map((row) => ({ subject: "none", cost: "free", ...way, ...row }));
}

const all: readonly MethodInfo[] = [
  ...fill(clientRequests, { direction: "client-to-server", form: "request" }),
  ...fill(clientNotifications, { direction: "client-to-server", form: "notification" }),
  ...fill(serverRequests, { direction: "server-to-client", form: "request" }),
  ...fill(serverNotifications, { direction: "server-to-client", form: "notification" }),
];

/** Every method that MCP defines, by its name. */
export const methods: ReadonlyMap<string, MethodInfo> = new Map(all.map((info) => [info.method, info]));

/** Returns what is known about a method, or undefined for one that no revision defines. */
export function findMethod(method: string): MethodInfo | undefined {
  return methods.get(method);
}
