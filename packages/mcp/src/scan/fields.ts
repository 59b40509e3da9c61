/**
 * Knows which members are read in which object of a message, and puts them into the draft.
 * Before: members.ts. Next: finish.ts, which decides whether the whole is a message.
 */
import { revisions } from "../era/revisions.ts";
import { findMethod, methods } from "../methods.ts";
import { byteAt, closeBracket, comma, isDigit, minus, openBrace, openBracket, quote } from "./bytes.ts";
import { candidatesOf, createKeyTable, findKey } from "./keys.ts";
import { type Level, readObject, refuse, type Scan, skipInside } from "./members.ts";
import { skipString } from "./skip-string.ts";
import { skipNumber, skipSpace, tooDeep } from "./skip-value.ts";
import { decodeAgreedString, decodePlainInteger } from "./text.ts";

/** The `_meta` key whose presence makes a message modern (MCP 2026-07-28, basic "_meta"). */
export const claimKey = "io.modelcontextprotocol/protocolVersion";

/** The length of every known revision: a date. */
const revisionBytes = 10;

/** Bits of `Scan.unreadable`: the member is there, but it is no text that every decoder reads alike. */
export const unreadable = { name: 1, uri: 2, taskId: 4, ref: 8, listen: 16 } as const;

/** Reads a value into `scan.text`, which stays undefined for another type and for text that decoders read differently. */
function readText(scan: Scan, depth: number, at: number): number {
  scan.text = undefined;
  if (byteAt(scan.body, at) !== quote) return skipInside(scan, depth, at);
  const end = skipString(scan.body, at + 1);
  if (end >= 0) scan.text = decodeAgreedString(scan.body, at, end);
  return end;
}

/** Reads a number into `scan.number`, anything else as a text. */
function readTextOrNumber(scan: Scan, depth: number, at: number): number {
  const c = byteAt(scan.body, at);
  scan.number = undefined;
  if (!isDigit(c) && c !== minus) return readText(scan, depth, at);
  scan.text = undefined;
  const end = skipNumber(scan.body, at);
  if (end >= 0) scan.number = Number(scan.body.toString("latin1", at, end));
  return end;
}

const refKeys = ["type", "name", "uri"] as const;

const refLevel: Level = {
  table: createKeyTable(refKeys),
  depth: 3,
  read(scan, key, at) {
    const field = refKeys[key];
    if (field === undefined) return skipInside(scan, 3, at);
    const end = readText(scan, 3, at);
    if (scan.text === undefined) scan.unreadable |= unreadable.ref;
    scan.draft.ref = { ...scan.draft.ref, [field]: scan.text };
    return end;
  },
};

const listenFields = ["resourceSubscriptions", "taskSubscriptions"] as const;

const listenLevel: Level = {
  table: createKeyTable(["resourceSubscriptions", "taskIds"]),
  depth: 3,
  read(scan, key, at) {
    const field = listenFields[key];
    if (field === undefined) return skipInside(scan, 3, at);
    if (byteAt(scan.body, at) === openBracket) return readTexts(scan, field, at);
    scan.unreadable |= unreadable.listen;
    return skipInside(scan, 3, at);
  },
};

/** Reads an array of texts; an element of another type makes the subscription unreadable. */
function readTexts(scan: Scan, field: (typeof listenFields)[number], at: number): number {
  if (scan.maxDepth < 4) return tooDeep(at);
  const texts: string[] = [];
  scan.draft[field] = texts;
  let i = skipSpace(scan.body, at + 1);
  if (byteAt(scan.body, i) === closeBracket) return i + 1;
  for (;;) {
    const end = readText(scan, 4, i);
    if (end < 0) return end;
    if (scan.text === undefined) scan.unreadable |= unreadable.listen;
    else texts.push(scan.text);
    i = skipSpace(scan.body, end);
    const c = byteAt(scan.body, i);
    if (c === closeBracket) return i + 1;
    if (c !== comma) return ~i;
    i = skipSpace(scan.body, i + 1);
  }
}

const metaKeys = [
  claimKey,
  "progressToken",
  "io.modelcontextprotocol/clientInfo",
  "io.modelcontextprotocol/clientCapabilities",
  "io.modelcontextprotocol/logLevel",
  "traceparent",
  "tracestate",
  "baggage",
] as const;

const metaLevel: Level = {
  table: createKeyTable(metaKeys),
  depth: 3,
  read(scan, key, at) {
    if (key === 0) return readClaim(scan, at);
    if (key === 1) return readProgressToken(scan, at);
    if (byteAt(scan.body, at) !== quote) return skipInside(scan, 3, at);
    const name = metaKeys[key] ?? scan.unknownKey;
    const end = readText(scan, 3, at);
    if (scan.text !== undefined) (scan.meta ??= new Map<string, string>()).set(name, scan.text);
    return end;
  },
};

const revisionTable = createKeyTable(revisions);

function readClaim(scan: Scan, at: number): number {
  scan.draft.claimMalformed = false;
  if (byteAt(scan.body, at) === quote) {
    // Known revisions are recognised by their bytes: cheaper than decoding, and each modern message has one.
    const known = findKey(candidatesOf(revisionTable, revisionBytes), scan.body, at + 1);
    if (known >= 0 && byteAt(scan.body, at + 1 + revisionBytes) === quote) {
      scan.draft.claimedVersion = revisions[known];
      return at + revisionBytes + 2;
    }
  }
  const end = readText(scan, 3, at);
  scan.draft.claimedVersion = scan.text;
  scan.draft.claimMalformed = scan.text === undefined;
  return end;
}

function readProgressToken(scan: Scan, at: number): number {
  const end = readTextOrNumber(scan, 3, at);
  scan.draft.progressToken = scan.number ?? scan.text;
  return end;
}

const paramsKeys = ["name", "uri", "taskId", "arguments", "_meta", "ref", "notifications", "requestId"] as const;

const paramsLevel: Level = {
  table: createKeyTable(paramsKeys),
  depth: 2,
  read(scan, key, at) {
    const field = paramsKeys[key];
    switch (field) {
      case "name":
      case "uri":
      case "taskId":
        return readTarget(scan, field, at);
      case "arguments":
        return readArguments(scan, at);
      case "_meta":
        return readObject(scan, metaLevel, at);
      case "ref":
        if (byteAt(scan.body, at) !== openBrace) scan.unreadable |= unreadable.ref;
        return readObject(scan, refLevel, at);
      case "notifications":
        return readObject(scan, listenLevel, at);
      case "requestId":
        return readRequestId(scan, at);
      default:
        return skipInside(scan, 2, at);
    }
  },
};

function readTarget(scan: Scan, field: "name" | "uri" | "taskId", at: number): number {
  const end = readText(scan, 2, at);
  scan.draft[field] = scan.text;
  if (scan.text === undefined) scan.unreadable |= unreadable[field];
  else if (field === "name") scan.draft.nameSpan = { start: at, end };
  return end;
}

function readArguments(scan: Scan, at: number): number {
  const end = skipInside(scan, 2, at);
  scan.draft.argumentsSpan = { start: at, end };
  return end;
}

function readRequestId(scan: Scan, at: number): number {
  const end = readTextOrNumber(scan, 2, at);
  scan.draft.requestId = scan.number ?? scan.text;
  return end;
}

const topKeys = ["jsonrpc", "id", "method", "params", "result", "error"] as const;

/** The message itself. */
export const messageLevel: Level = {
  table: createKeyTable(topKeys),
  depth: 1,
  read(scan, key, at) {
    switch (topKeys[key]) {
      case "jsonrpc":
        return readVersion(scan, at);
      case "id":
        return readId(scan, at);
      case "method":
        return readMethod(scan, at);
      case "params":
        return readParams(scan, at);
      case "result":
        scan.hasResult = true;
        return skipInside(scan, 1, at);
      case "error":
        scan.hasError = true;
        return skipInside(scan, 1, at);
      default:
        return skipInside(scan, 1, at);
    }
  },
};

function readVersion(scan: Scan, at: number): number {
  const { body } = scan;
  const isTwo = byteAt(body, at) === quote && byteAt(body, at + 1) === 0x32 && byteAt(body, at + 2) === 0x2e;
  if (isTwo && byteAt(body, at + 3) === 0x30 && byteAt(body, at + 4) === quote) {
    scan.hasVersion = true;
    return at + 5;
  }
  const end = skipInside(scan, 1, at);
  return end < 0 ? end : refuse(scan, "BadVersion", at);
}

function readId(scan: Scan, at: number): number {
  const end = skipInside(scan, 1, at);
  if (end < 0) return end;
  const id = decodeId(scan.body, at, end);
  if (id === undefined) return refuse(scan, "BadId", at);
  scan.draft.id = id;
  scan.draft.setIdSpan(at, end);
  return end;
}

function decodeId(body: Buffer, at: number, end: number): string | number | null | undefined {
  const c = byteAt(body, at);
  if (c === 0x6e) return null;
  if (c !== quote) return decodePlainInteger(body, at, end);
  return decodeAgreedString(body, at, end);
}

const methodInfos = [...methods.values()];
const methodTable = createKeyTable(methodInfos.map((info) => info.method));

function readMethod(scan: Scan, at: number): number {
  if (byteAt(scan.body, at) !== quote) return refuseMethod(scan, at);
  const end = skipString(scan.body, at + 1);
  if (end < 0) return end;
  // Recognised by its bytes, a method needs neither decoding nor a lookup: a tenth of the whole scan of a short message.
  const known = findKey(candidatesOf(methodTable, end - at - 2), scan.body, at + 1);
  scan.info = methodInfos[known];
  const method = scan.info?.method ?? decodeAgreedString(scan.body, at, end);
  if (method === undefined) return refuse(scan, "BadMethod", at);
  scan.info ??= findMethod(method);
  scan.draft.method = method;
  return end;
}

function refuseMethod(scan: Scan, at: number): number {
  const end = skipInside(scan, 1, at);
  return end < 0 ? end : refuse(scan, "BadMethod", at);
}

/** Null counts as absent; positional parameters have no meaning in MCP. */
function readParams(scan: Scan, at: number): number {
  if (byteAt(scan.body, at) === openBrace) return readObject(scan, paramsLevel, at);
  const end = skipInside(scan, 1, at);
  if (end < 0 || byteAt(scan.body, at) === 0x6e) return end;
  return refuse(scan, "BadParams", at);
}
