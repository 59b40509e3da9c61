/** What is relayed, and how its caller speaks: types, and what a server is told that the caller can do. Pure. */
import type { Era, JsonObject } from "@outrigger/mcp";

/** A request with the server's own names in `params`, without `_meta`. */
export interface RelayedRequest {
  readonly method: string;
  readonly params: JsonObject;
}

/** The reply to a request of a server, as the client gave it. */
export type ClientReply = { readonly result: JsonObject } | { readonly error: JsonObject };

/** Puts a request of a server to the client. `signal`: the server does not wait any more. Never rejects. */
export type AskClient = (request: RelayedRequest, signal: AbortSignal) => Promise<ClientReply>;

/**
 * How the caller speaks. `capabilities`: what it declared, as it came. `logLevel`: the least level that servers are asked for, absent
 * where they are asked for none. `onLog` and `onProgress` get `params` of notifications that come before the answer. `ask`: absent where
 * nobody can be asked while the call is under way.
 */
export interface CallerVoice {
  readonly capabilities: JsonObject;
  readonly logLevel?: string;
  readonly onProgress?: (params: JsonObject) => void;
  readonly onLog?: (params: JsonObject) => void;
  readonly ask?: AskClient;
}

/** Requests of servers to clients, each with the capability that a client declares for it. */
export const askingMethods: ReadonlyMap<string, string> = new Map([
  ["sampling/createMessage", "sampling"],
  ["elicitation/create", "elicitation"],
  ["roots/list", "roots"],
]);

/** By this name clients and servers say that they know tasks of the modern era. Source: MCP extension io.modelcontextprotocol/tasks. */
export const tasksExtension = "io.modelcontextprotocol/tasks";

/** Whether a caller has declared that a call may end in a task. */
export function takesTasks({ extensions }: JsonObject): boolean {
  return typeof extensions === "object" && extensions !== null && tasksExtension in extensions;
}

/**
 * The capabilities that a server is told: those of the caller, never our own. A legacy server is told of what it may ask only where somebody can
 * be asked during the call. Tasks of the modern era are relayed from modern callers to modern servers; those of the legacy era are left out, as is
 * news about roots, which is not relayed.
 */
export function relayCapabilities(voice: CallerVoice, serverEra: Era): JsonObject {
  const entries = Object.entries(voice.capabilities).filter(([name]) => name !== "tasks");
  const told = Object.fromEntries(entries.map(([name, value]) => [name, name === "roots" ? {} : value]));
  if (serverEra === "modern" && voice.ask === undefined) return told;
  const asked = takesTasks(told) ? { ...told, extensions: withoutTasks(told["extensions"]) } : told;
  if (serverEra === "modern" || voice.ask !== undefined) return asked;
  const withheld = [...askingMethods.values()];
  return Object.fromEntries(Object.entries(asked).filter(([name]) => !withheld.includes(name)));
}

function withoutTasks(extensions: unknown): JsonObject {
  return Object.fromEntries(Object.entries(extensions ?? {}).filter(([name]) => name !== tasksExtension));
}

/** Levels of log messages, the least important first. Source: RFC 5424, MCP "Logging". */
export const logLevels: readonly string[] = [
  "debug",
  "info",
  "notice",
  "warning",
  "error",
  "critical",
  "alert",
  "emergency",
];

/** True where a message of this level is to be heard by who wants `least` and above; a level that is unknown is heard. */
export function isHeard(level: unknown, least: string): boolean {
  const at = logLevels.indexOf(String(level));
  return at < 0 || at >= logLevels.indexOf(least);
}
