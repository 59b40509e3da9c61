/**
 * Reads the heads of requests, strictly: what two readers could take for two requests is no request. Pure.
 * Next: request-reader.ts. Source: RFC 9112 sections 2, 3 and 6, RFC 9110 sections 7.2 and 10.1.1.
 */
import { addValue, readField, type Field } from "./fields.ts";
import type { VisitHeaders } from "../visit.ts";

/** The head of a request, all but the length of its body. */
export interface RequestHead {
  readonly method: string;
  readonly target: string;
  /** HTTP/1.0. */
  readonly isOld: boolean;
  /** Flat list of names and values as they came, without `Content-Length`. */
  readonly rawHeaders: readonly string[];
  readonly headers: VisitHeaders;
  readonly isChunked: boolean;
  /** The client will send nothing more. */
  readonly wantsEnd: boolean;
  /** The client waits for word before it sends the body. */
  readonly expectsContinue: boolean;
}

/** Why a request is not served: an HTTP status, and the reason in words. */
export interface RequestFault {
  readonly status: 400 | 413 | 417 | 431 | 501 | 505;
  readonly problem: string;
}

/** A head that was read. `lengthAt`: where the digits of its length stand in the text; -1 where it has none. */
export type HeadReading =
  | { readonly ok: true; readonly head: RequestHead; readonly bodyBytes: number; readonly lengthAt: number }
  | { readonly ok: false; readonly fault: RequestFault };

/** Bytes of target, names and values together, and how many fields there may be. */
const maxFieldBytes = 16 * 1024;
const maxFields = 2_000;

const requestLine =
  /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+) (\/[\x21-\x7e]*|\*|[A-Za-z][A-Za-z0-9+.-]*:[\x21-\x7e]+) HTTP\/([0-9])\.([0-9])$/;
const bareLineEnd = /\r(?!\n)|(?<!\r)\n/;
const noFault = undefined;

const fail = (status: RequestFault["status"], problem: string): HeadReading => ({
  ok: false,
  fault: { status, problem },
});
function fault(status: RequestFault["status"], problem: string): RequestFault {
  return { status, problem };
}

/** What the fields say about the message itself. */
interface Facts {
  length: string | undefined;
  lengthAt: number;
  hosts: number;
  transferEncoding: string | undefined;
  connection: string;
  expect: string | undefined;
}

/** Reads the head of a request: its lines without the empty one at the end, as latin1. */
export function readRequestHead(text: string): HeadReading {
  const reading = readLines(text);
  // Whatever else is wrong: who gets such a head piece by piece tells this first.
  if (!reading.ok && bareLineEnd.test(text)) return fail(400, bareLine);
  return reading;
}

/** The problem of lines that end otherwise. */
export const bareLine = "a line ends without carriage return and line feed";

function readLines(text: string): HeadReading {
  const lines = text.split("\r\n");
  const start = readStart(lines[0] ?? "");
  if ("status" in start) return { ok: false, fault: start };
  if (lines.length - 1 > maxFields) return fail(431, `there are more than ${maxFields} headers`);
  const facts = { ...noFacts };
  const read: Read = { ...start, rawHeaders: [], headers: {} };
  let bytes = start.target.length;
  let lineAt = (lines[0] ?? "").length + 2;
  for (let at = 1; at < lines.length; at++) {
    const line = lines[at] ?? "";
    const field = readField(line);
    if (field === undefined) return fail(400, "a header can't be read");
    bytes += field.raw.length + field.value.length;
    const problem = bytes > maxFieldBytes ? tooLong : learn(field, lineAt, facts);
    if (problem !== undefined) return { ok: false, fault: problem };
    lineAt += line.length + 2;
    keep(field, read);
  }
  return conclude(read, facts);
}

const tooLong = fault(431, `the headers are longer than ${maxFieldBytes} bytes`);

function readStart(line: string): Pick<RequestHead, "method" | "target" | "isOld"> | RequestFault {
  const [, method, target, major, minor] = requestLine.exec(line) ?? [];
  if (method === undefined || target === undefined) return fault(400, "the request line can't be read");
  if (major !== "1" || (minor !== "0" && minor !== "1")) return fault(505, "the version is not HTTP/1.1");
  return { method, target, isOld: minor === "0" };
}

/** The length says nothing but how long this one body is. */
function keep({ name, raw, value }: Field, { rawHeaders, headers }: Read): void {
  if (name.lower === "content-length") return;
  rawHeaders.push(raw, value);
  addValue(headers, name, value);
}

const noFacts: Facts = {
  length: undefined,
  lengthAt: -1,
  hosts: 0,
  transferEncoding: undefined,
  connection: "",
  expect: undefined,
};

/** What cannot stand beside itself is refused, be it the same twice. */
function learn({ name, value, valueAt }: Field, lineAt: number, facts: Facts): RequestFault | undefined {
  switch (name.lower) {
    case "content-length":
      if (facts.length !== undefined) return fault(400, "there are two lengths");
      facts.length = value;
      facts.lengthAt = lineAt + valueAt;
      return noFault;
    case "transfer-encoding":
      if (facts.transferEncoding !== undefined) return fault(400, "there are two transfer encodings");
      facts.transferEncoding = value;
      return noFault;
    case "host":
      return ++facts.hosts > 1 ? fault(400, "there are two hosts") : noFault;
    case "connection":
      facts.connection += `,${value.toLowerCase()}`;
      return noFault;
    case "expect":
      facts.expect = facts.expect === undefined ? value : `${facts.expect}, ${value}`;
      return noFault;
    default:
      return noFault;
  }
}

interface Read extends Pick<RequestHead, "method" | "target" | "isOld"> {
  readonly rawHeaders: string[];
  readonly headers: Record<string, string | string[]>;
}

function conclude(read: Read, facts: Facts): HeadReading {
  const { length, lengthAt, connection } = facts;
  const { isOld } = read;
  const refused = judge(read, facts);
  if (refused !== undefined) return { ok: false, fault: refused };
  const wantsEnd = isOld ? !hasWord(connection, "keep-alive") : hasWord(connection, "close");
  const isChunked = facts.transferEncoding !== undefined;
  const expectsContinue = facts.expect !== undefined && !isOld;
  // One literal: requests are many, and alike in their parts.
  const { method, target, rawHeaders, headers } = read;
  const head = { method, target, isOld, rawHeaders, headers, isChunked, wantsEnd, expectsContinue };
  return { ok: true, head, bodyBytes: Number(length ?? "0"), lengthAt };
}

function judge({ method, isOld }: Read, facts: Facts): RequestFault | undefined {
  if (facts.hosts === 0 && !isOld) return fault(400, "there is no Host");
  if (method === "CONNECT") return fault(501, "this is no proxy for tunnels");
  if (facts.expect !== undefined && !isOld && facts.expect.toLowerCase() !== "100-continue")
    return fault(417, "what is expected is not known");
  return judgeFraming(facts, isOld);
}

function judgeFraming({ length, transferEncoding }: Facts, isOld: boolean): RequestFault | undefined {
  if (transferEncoding !== undefined) {
    if (length !== undefined || isOld) return fault(400, "there is a length beside the transfer encoding");
    return transferEncoding.toLowerCase() === "chunked" ? noFault : fault(501, "the transfer encoding is not chunked");
  }
  return length === undefined || /^[0-9]{1,15}$/.test(length) ? noFault : fault(400, "the length is no number");
}

/** Words of `Connection`, each with a comma somewhere before it. */
function hasWord(list: string, word: string): boolean {
  if (list === "") return false;
  return list === `,${word}` || list.split(",").some((each) => each.trim() === word);
}
