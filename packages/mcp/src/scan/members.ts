/**
 * Walks the members of one object that the scanner looks into, and hands each value to the object's reader.
 * Before: skip-value.ts. Next: fields.ts, which knows what is read where.
 */
import type { MethodInfo } from "../methods.ts";
import { byteAt, closeBrace, comma, openBrace, quote } from "./bytes.ts";
import { candidatesOf, checkUnknownKey, decodeKey, findKey, type KeyTable } from "./keys.ts";
import type { ScanProblem, ScannedMessage } from "./result.ts";
import { skipString } from "./skip-string.ts";
import { failureOffset, isTooDeep, skipColon, skipSpace, skipValue, tooDeep } from "./skip-value.ts";

/** The members of the result without `readonly`, but for the one that is made when it is asked for. */
type Members = { -readonly [K in Exclude<keyof ScannedMessage, "idBytes">]-?: ScannedMessage[K] };

/** The message while it is being read. All members are set from the start, so that all messages have one shape. */
export class Draft implements Members {
  type: ScannedMessage["type"] = "request";
  method: Members["method"] = undefined;
  id: Members["id"] = undefined;
  name: Members["name"] = undefined;
  uri: Members["uri"] = undefined;
  taskId: Members["taskId"] = undefined;
  ref: Members["ref"] = undefined;
  progressToken: Members["progressToken"] = undefined;
  claimedVersion: Members["claimedVersion"] = undefined;
  claimMalformed: Members["claimMalformed"] = undefined;
  meta: Members["meta"] = undefined;
  nameSpan: Members["nameSpan"] = undefined;
  argumentsSpan: Members["argumentsSpan"] = undefined;
  resourceSubscriptions: Members["resourceSubscriptions"] = undefined;
  taskSubscriptions: Members["taskSubscriptions"] = undefined;
  requestId: Members["requestId"] = undefined;
  readonly #body: Buffer;
  #idStart = 0;
  #idEnd = 0;

  constructor(body: Buffer) {
    this.#body = body;
  }

  /** Says where the id stands. */
  setIdSpan(start: number, end: number): void {
    this.#idStart = start;
    this.#idEnd = end;
  }

  /** Made only when it is asked for: a view of bytes costs more than most members, and only refusals echo an id. */
  get idBytes(): Uint8Array | undefined {
    return this.#idEnd === 0 ? undefined : this.#body.subarray(this.#idStart, this.#idEnd);
  }
}

/** The state of one scan. */
export interface Scan {
  readonly body: Buffer;
  readonly maxDepth: number;
  readonly draft: Draft;
  /** What was refused and where, if it was not plain bad JSON. */
  problem: ScanProblem | undefined;
  problemAt: number;
  /** The name of the member being read, when its key is not in the table. */
  unknownKey: string;
  /** What the last value was, if it was a text or a number that is read. */
  text: string | undefined;
  number: number | undefined;
  meta: Map<string, string> | undefined;
  /** What is known about the method, if it is one that MCP defines. */
  info: MethodInfo | undefined;
  /** Members that are there but unreadable; whether that matters depends on the method: see finish.ts. */
  unreadable: number;
  hasVersion: boolean;
  hasResult: boolean;
  hasError: boolean;
}

/** One object that is read: its keys, how deep it lies (1 = the message), and what to do with each value. */
export interface Level {
  /** At most 31 keys. */
  readonly table: KeyTable;
  readonly depth: number;
  /** Reads the value at `at`, whose key has the number `key` (-1: not in the table); returns the end or a failure. */
  readonly read: (scan: Scan, key: number, at: number) => number;
}

/** Records why the message is refused and returns a failure. */
export function refuse(scan: Scan, problem: ScanProblem, at: number): number {
  scan.problem = problem;
  scan.problemAt = at;
  return ~at;
}

/** Returns the problem behind a failure, with its offset. */
export function problemOf(scan: Scan, failure: number): { readonly problem: ScanProblem; readonly at: number } {
  if (scan.problem !== undefined) return { problem: scan.problem, at: scan.problemAt };
  return { problem: isTooDeep(failure) ? "TooDeep" : "NotJson", at: failureOffset(failure) };
}

/** Skips a value that lies inside an object of the given depth. */
export function skipInside(scan: Scan, depth: number, at: number): number {
  return skipValue(scan.body, at, scan.maxDepth - depth);
}

/** Reads the object at `at` by its level, or skips the value if it is no object; returns the end or a failure. */
export function readObject(scan: Scan, level: Level, at: number): number {
  const body = scan.body;
  if (byteAt(body, at) !== openBrace) return skipInside(scan, level.depth - 1, at);
  if (level.depth > scan.maxDepth) return tooDeep(at);
  let i = skipSpace(body, at + 1);
  if (byteAt(body, i) === closeBrace) return i + 1;
  const walk: Walk = { scan, level, knownKeys: 0, unknownKeys: undefined };
  for (;;) {
    i = readMember(walk, i);
    if (i < 0) return i;
    i = skipSpace(body, i);
    const c = byteAt(body, i);
    if (c === closeBrace) return i + 1;
    if (c !== comma) return ~i;
    i = skipSpace(body, i + 1);
  }
}

/** One object on its way. */
interface Walk {
  readonly scan: Scan;
  readonly level: Level;
  /** Bit n = key number n of the table was met. */
  knownKeys: number;
  unknownKeys: Set<string> | undefined;
}

/** Reads `"key": value`; returns the end of the value or a failure. */
function readMember(walk: Walk, at: number): number {
  const { scan, level } = walk;
  if (byteAt(scan.body, at) !== quote) return ~at;
  const keyEnd = skipString(scan.body, at + 1);
  if (keyEnd < 0) return keyEnd;
  const key = findKey(candidatesOf(level.table, keyEnd - at - 2), scan.body, at + 1);
  const problem = key < 0 ? noteUnknown(walk, at, keyEnd) : noteKnown(walk, key);
  if (problem !== undefined) return refuse(scan, problem, at);
  const value = skipColon(scan.body, keyEnd);
  return value < 0 ? value : level.read(scan, key, value);
}

function noteKnown(walk: Walk, key: number): ScanProblem | undefined {
  const bit = 1 << key;
  if ((walk.knownKeys & bit) !== 0) return "DuplicateKey";
  walk.knownKeys |= bit;
  return undefined;
}

function noteUnknown(walk: Walk, start: number, end: number): ScanProblem | undefined {
  const key = decodeKey(walk.scan.body, start, end);
  const earlier = (walk.unknownKeys ??= new Set<string>());
  if (earlier.has(key.name)) return "DuplicateKey";
  earlier.add(key.name);
  walk.scan.unknownKey = key.name;
  return checkUnknownKey(walk.level.table, key);
}
