/** Checks the chains of audit lines: finds the first line that does not follow from the one before it. Pure; files are the caller's. */
import { hashLine, noLine } from "./audit-chain.ts";

/** The first line that is wrong. `at` is what the caller called it, such as `FILE:LINE`. */
export interface BrokenLine {
  readonly at: string;
  readonly why: string;
}

/** What is known of one chain after the last line. */
export interface VerifiedChain {
  readonly id: string;
  readonly lines: number;
  /** Decisions of which the stream says itself that it could not write them. */
  readonly lost: number;
  /** False while the program runs, and where the end of the chain is missing. */
  readonly hasEnd: boolean;
  /** Members of the first line. */
  readonly start: Readonly<Record<string, unknown>>;
}

/** Takes lines in their order, of one chain or of several mixed. */
export interface AuditVerifier {
  /** Returns what is wrong with the line; a line that is no audit line is passed over. */
  readonly take: (line: string, at: string) => BrokenLine | undefined;
  readonly chains: () => readonly VerifiedChain[];
}

interface Chain extends VerifiedChain {
  readonly seq: number;
  readonly hash: string;
}

interface Line {
  readonly chain: string;
  readonly seq: number;
  readonly prev: string;
  readonly lost: number;
  readonly fields: Readonly<Record<string, unknown>>;
}

const beginning = '{"kind":"audit",';

/** Creates a verifier. Whoever stops at the first broken line need not ask further. */
export function createAuditVerifier(): AuditVerifier {
  const chains = new Map<string, Chain>();
  const seen = new Set<string>([noLine]);
  return {
    take: (text, at) => {
      if (!text.startsWith(beginning)) return undefined;
      const line = readLine(text);
      const hash = hashLine(text);
      const before = line === undefined ? undefined : chains.get(line.chain);
      const why = judge(line, before, seen);
      seen.add(hash);
      if (why !== undefined || line === undefined) return { at, why: why ?? "" };
      chains.set(line.chain, follow(line, before, hash));
      return undefined;
    },
    chains: () =>
      [...chains.values()].map(({ id, lines, lost, hasEnd, start }) => ({ id, lines, lost, hasEnd, start })),
  };
}

function judge(line: Line | undefined, before: Chain | undefined, seen: ReadonlySet<string>): string | undefined {
  if (line === undefined) return "the line is cut or changed: it is not a whole audit line";
  if (before === undefined) return judgeFirst(line, seen);
  if (before.hasEnd) return `the chain ${line.chain} has ended before`;
  const expected = before.seq + 1 + line.lost;
  if (line.seq !== expected) {
    return `line ${expected} of the chain is due and this is line ${line.seq}: a line before it was removed, or this one is put in`;
  }
  return line.prev === before.hash ? undefined : "the line before it in the chain was changed";
}

function judgeFirst(line: Line, seen: ReadonlySet<string>): string | undefined {
  if (line.seq !== 0 || line.fields["event"] !== "start") {
    return `it is line ${line.seq} of a chain whose beginning is missing: give the files before it, too, the oldest first`;
  }
  return seen.has(line.prev)
    ? undefined
    : "the chain goes on from a line that is missing: give the files before it, too, the oldest first";
}

function follow(line: Line, before: Chain | undefined, hash: string): Chain {
  return {
    id: line.chain,
    start: before?.start ?? line.fields,
    lines: (before?.lines ?? 0) + 1,
    lost: (before?.lost ?? 0) + line.lost,
    hasEnd: line.fields["event"] === "end",
    seq: line.seq,
    hash,
  };
}

function readLine(text: string): Line | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  // What begins with a brace and is JSON is an object.
  const fields = value as Readonly<Record<string, unknown>>;
  const { chain, seq, prev, lost = 0 } = fields;
  if (typeof chain !== "string" || typeof prev !== "string" || !isCount(seq) || !isCount(lost)) return undefined;
  return { chain, seq, prev, lost, fields };
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;
