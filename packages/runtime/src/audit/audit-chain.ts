/**
 * The hash chain of an audit stream: each line holds the sha256 of the line before it and a number, so that a line that is changed,
 * removed or put in shows at the next one. Pure: forms lines; where they go, and what when they can't go there, is the caller's.
 */
import { hash } from "node:crypto";

/** What the first line of a chain gives as the hash of the line before it, where there is none. */
export const noLine = "0".repeat(64);

/** The version of the format of lines, which the first line of a chain names. */
export const auditFormat = 1;

/** Where a chain is: `seq` of its last line (-1 before the first) and that line's hash. */
export interface ChainHead {
  readonly seq: number;
  readonly hash: string;
}

/** A chain that grows. */
export interface AuditChain {
  /** Forms the next line, without its end; `fields` are members beside those of the chain itself. */
  readonly add: (fields: object) => string;
  /** The same, after `lost` lines that were never written: they count, so that the gap is visible. */
  readonly addLoss: (lost: number, fields: object) => string;
  readonly head: () => ChainHead;
}

/** Hashes a line as the next one names it: sha256 of its bytes without the end of line, hex. */
export function hashLine(line: string): string {
  return hash("sha256", line, "hex");
}

/**
 * Starts a chain. `id` names it in each line; `previous` is the hash of the line that stands before it in the same file.
 * Shape of a line: one JSON object that begins with `kind`, `chain`, `seq` (from 0) and `prev`.
 * Cost: one stringify and one hash for each line.
 */
export function createAuditChain(id: string, previous: string = noLine): AuditChain {
  let head: ChainHead = { seq: -1, hash: previous };
  const form = (step: number, members: object): string => {
    const seq = head.seq + step;
    const line = escapeSeparators(JSON.stringify({ kind: "audit", chain: id, seq, prev: head.hash, ...members }));
    head = { seq, hash: hashLine(line) };
    return line;
  };
  return {
    add: (fields) => form(1, fields),
    addLoss: (lost, fields) => form(lost + 1, { lost, ...fields }),
    head: () => head,
  };
}

/** Some readers end a line at these, which JSON allows within a text. */
function escapeSeparators(json: string): string {
  return json.replaceAll("\u2028", "\\u2028").replaceAll("\u2029", "\\u2029");
}
