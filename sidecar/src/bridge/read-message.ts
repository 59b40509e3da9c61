/**
 * Reads one text of a server: a line of its stdout, the data of an event. It decides only whether that is a JSON-RPC message;
 * what policy makes of it is decided where answers are filtered.
 */
import { scanMessage, type ScannedMessage } from "@outrigger/mcp";
import { findValue, type Span } from "./splice.ts";

/** A message of the server. `bytes` is its JSON and nothing else; `idSpan` is where the id stands in it. */
export interface ServerMessage {
  readonly bytes: Buffer;
  readonly type: ScannedMessage["type"];
  readonly method?: string | undefined;
  readonly id?: string | number | null | undefined;
  readonly idSpan?: Span | undefined;
}

/** Nesting that is still read; answers may hold deep schemas, and what lies in them is not looked at here. */
const maxDepth = 512;

/** Reads a line; undefined where it is no message. */
export function readServerMessage(line: Buffer): ServerMessage | undefined {
  const scanned = scanMessage(line, { maxDepth });
  if (scanned.kind === "message") {
    const { type, method, id, idBytes } = scanned.message;
    return { bytes: line, type, method, id, idSpan: idBytes === undefined ? undefined : spanIn(line, idBytes) };
  }
  return scanned.kind === "batch" ? undefined : readAgain(line);
}

function spanIn(line: Buffer, part: Uint8Array): Span {
  const start = part.byteOffset - line.byteOffset;
  return { start, end: start + part.length };
}

/**
 * A line that the strict scanner refuses may still be plain JSON, for instance with keys that differ in case only.
 * It goes on as its parsed value written anew, so that everybody behind reads the same.
 */
function readAgain(line: Buffer): ServerMessage | undefined {
  let value: unknown;
  let bytes: Buffer;
  try {
    value = JSON.parse(line.toString("utf8"));
    bytes = Buffer.from(JSON.stringify(value), "utf8");
  } catch {
    // Not JSON, or nested deeper than the stack: the caller reports the line as garbage.
    return undefined;
  }
  const type = typeOf(value);
  if (type === undefined || !isRecord(value)) return undefined;
  const { id, method } = value;
  return {
    bytes,
    type,
    method: typeof method === "string" ? method : undefined,
    id: typeof id === "string" || typeof id === "number" ? id : undefined,
    idSpan: findValue(bytes, ["id"]),
  };
}

function typeOf(value: unknown): ScannedMessage["type"] | undefined {
  if (!isRecord(value) || value["jsonrpc"] !== "2.0") return undefined;
  const hasId = typeof value["id"] === "string" || typeof value["id"] === "number";
  if (typeof value["method"] === "string") return hasId ? "request" : "notification";
  return hasId && ("result" in value || "error" in value) ? "response" : undefined;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
