/**
 * Reads and writes the heads of HTTP/1.1 messages. Reading is strict: what two readers could take for two different answers is no answer.
 * Pure. Source: RFC 9112 sections 3 to 7, RFC 9110 section 5.
 */
import { findHeader } from "../headers.ts";

/** How the end of a body is found; `close`: by the end of the connection. */
export type Framing =
  { readonly kind: "length"; readonly bytes: number } | { readonly kind: "chunked" } | { readonly kind: "close" };

/**
 * The head of an answer. `headers`: flat list of names and values as they came. `keepsAlive`: another request may follow; `idleMs`: within
 * this time, where the server says one.
 */
export interface ResponseHead {
  readonly status: number;
  readonly headers: readonly string[];
  readonly framing: Framing;
  readonly keepsAlive: boolean;
  readonly idleMs: number | undefined;
}

/** A head that was read, or in words why it can't be. */
export type HeadReading =
  { readonly ok: true; readonly head: ResponseHead } | { readonly ok: false; readonly problem: string };

const statusLine = /^HTTP\/1\.([01]) ([1-5][0-9]{2})(?: [\t\x20-\x7e\x80-\xff]*)?$/;
const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** Spellings that need no look: those that servers use most. */
const knownNames: ReadonlySet<string> = new Set(
  ["content-type", "content-length", "date", "connection", "keep-alive", "transfer-encoding", "cache-control"].flatMap(
    (name) => [name, name.replace(/(^|-)[a-z]/g, (start) => start.toUpperCase())],
  ),
);
/** Everything but visible characters, spaces and tabs. */
const control = /[\0-\x08\x0a-\x1f\x7f]/;

const fail = (problem: string): HeadReading => ({ ok: false, problem });

/** What the headers say about the message itself. */
interface Facts {
  length: string | undefined;
  transferEncoding: string | undefined;
  connection: string;
  idleMs: number | undefined;
}

/** Reads the head of an answer: its lines without the empty one at the end, as latin1. */
export function readHead(text: string): HeadReading {
  const lines = text.split("\r\n");
  const status = statusLine.exec(lines[0] ?? "");
  if (status === null) return fail("its status line is not HTTP/1.1");
  const headers: string[] = [];
  const facts: Facts = { length: undefined, transferEncoding: undefined, connection: "", idleMs: undefined };
  for (let at = 1; at < lines.length; at++) {
    const problem = readField(lines[at] ?? "", headers, facts);
    if (problem !== undefined) return fail(problem);
  }
  return conclude({ status: Number(status[2]), isOld: status[1] === "0", headers, facts });
}

function readField(line: string, headers: string[], facts: Facts): string | undefined {
  const colon = line.indexOf(":");
  const name = line.slice(0, Math.max(colon, 0));
  if (!knownNames.has(name) && !token.test(name)) return "one of its header names can't be read";
  const value = trim(line, colon + 1);
  if (control.test(value)) return `its header ${name} holds a control character`;
  headers.push(name, value);
  return learn(name, value, facts);
}

/** Names are compared by length first: few of them are of interest. */
function learn(name: string, value: string, facts: Facts): string | undefined {
  if (name.length === 14 && name.toLowerCase() === "content-length") {
    if (facts.length !== undefined && facts.length !== value) return "it has two lengths";
    facts.length = value;
  } else if (name.length === 17 && name.toLowerCase() === "transfer-encoding") {
    if (facts.transferEncoding !== undefined) return "it has two transfer encodings";
    facts.transferEncoding = value;
  } else if (name.length === 10) learnKeeping(name.toLowerCase(), value, facts);
  return undefined;
}

/** Both names have the same length. Source: RFC 9112 section 9.3, RFC 2068 section 19.7.1.1. */
function learnKeeping(name: string, value: string, facts: Facts): void {
  if (name === "connection") facts.connection += `,${value.toLowerCase()}`;
  else if (name === "keep-alive") {
    const seconds = /(?:^|[,\s])timeout=([0-9]{1,6})(?:$|[,\s])/i.exec(value)?.[1];
    if (seconds !== undefined) facts.idleMs = Number(seconds) * 1_000;
  }
}

function trim(line: string, from: number): string {
  let start = from;
  let end = line.length;
  while (start < end && isSpace(line.charCodeAt(start))) start++;
  while (end > start && isSpace(line.charCodeAt(end - 1))) end--;
  return line.slice(start, end);
}

const isSpace = (code: number): boolean => code === 0x20 || code === 0x09;

interface Read {
  readonly status: number;
  readonly isOld: boolean;
  readonly headers: readonly string[];
  readonly facts: Facts;
}

function conclude({ status, isOld, headers, facts }: Read): HeadReading {
  const { length, transferEncoding, connection, idleMs } = facts;
  if (transferEncoding !== undefined && (length !== undefined || isOld))
    return fail("it has a length beside its encoding");
  if (transferEncoding !== undefined && transferEncoding.toLowerCase() !== "chunked")
    return fail("its transfer encoding is not chunked");
  if (length !== undefined && !/^[0-9]{1,15}$/.test(length)) return fail("its length is no number");
  const framing = frame(status, length, transferEncoding !== undefined);
  const wantsEnd = isOld ? !/[,\s]keep-alive\b/.test(connection) : /[,\s]close\b/.test(connection);
  return { ok: true, head: { status, headers, framing, keepsAlive: framing.kind !== "close" && !wantsEnd, idleMs } };
}

function frame(status: number, length: string | undefined, isChunked: boolean): Framing {
  if (status === 204 || status === 304 || status < 200) return { kind: "length", bytes: 0 };
  if (isChunked) return { kind: "chunked" };
  return length === undefined ? { kind: "close" } : { kind: "length", bytes: Number(length) };
}

/** What is sent; header lists are flat. */
export interface RequestHead {
  readonly method: string;
  /** Path and query: they come out of a request line that was read, so they hold neither spaces nor line ends. */
  readonly path: string;
  /** Stands in the head where `headers` name no other. */
  readonly host: string;
  readonly headers: readonly string[];
  /** Absent where the request has no body. */
  readonly bodyBytes: number | undefined;
}

/** Writes the head of a request. Values come out of heads that were read, or out of settings that were checked: none holds a line end. */
export function writeHead({ method, path, host, headers, bodyBytes }: RequestHead): string {
  let text = `${method} ${path} HTTP/1.1\r\n`;
  if (findHeader(headers, "host") === undefined) text += `host: ${host}\r\n`;
  for (let at = 0; at + 1 < headers.length; at += 2) text += `${headers[at]}: ${headers[at + 1]}\r\n`;
  text +=
    bodyBytes === undefined
      ? "connection: keep-alive\r\n\r\n"
      : `connection: keep-alive\r\ncontent-length: ${bodyBytes}\r\n\r\n`;
  return text;
}
