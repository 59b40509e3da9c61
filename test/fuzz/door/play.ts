/** Plays one input against a door: writes its pieces, reads what comes, leaves as the input says, and judges the answers. */
import { connect } from "node:net";
import type { Input } from "../input.ts";
import { brokenWords } from "./probe.ts";
import { readAnswers, type Answer } from "./read-answers.ts";

/** How long a client that expects nothing certain waits for something, in ms. */
const quietMs = 40;

/** How long a client waits for the first byte, in ms: answers that never come end so. */
const patienceMs = 400;

/** Who is sent more than this leaves: what floods are for is tried by a scenario of its own. */
const enoughBytes = 256 * 1024;

/** Within this time a door has closed a connection that its client has ended, in ms. */
const closeWithinMs = 30_000;

/** What came of an input. */
export interface Played {
  readonly answers: readonly Answer[];
  /** What the door did wrong, if anything. */
  readonly problem: string | undefined;
}

/** Plays an input; resolves when the connection is closed, however that came. */
export async function play(port: number, input: Input): Promise<Played> {
  const { bytes, isClosedByDoor, hasLeft } = await exchange(port, input);
  // An answer to HEAD has a length and no body: not read here.
  if (/HEAD /i.test(input.bytes.toString("latin1"))) return { answers: [], problem: undefined };
  const read = readAnswers(bytes, true);
  if (!read.ok) return { answers: [], problem: read.problem };
  if (!isClosedByDoor) return { answers: read.answers, problem: "a connection that its client ended stays open" };
  const isCut = !hasLeft && read.answers.some(({ isWhole }) => !isWhole);
  return { answers: read.answers, problem: judge(read.answers, input) ?? judgeEnd(isCut, input) };
}

const asksForBrokenAnswer = (input: Input): boolean => /x-answer:/i.test(input.bytes.toString("latin1"));

/** An answer may be cut where the client left, or where the server behind broke off. */
const judgeEnd = (isCut: boolean, input: Input): string | undefined =>
  isCut && !asksForBrokenAnswer(input) ? "an answer is cut though its client was there" : undefined;

/** Our own refusals are always JSON. */
function judge(answers: readonly Answer[], input: Input): string | undefined {
  if (asksForBrokenAnswer(input)) return undefined;
  for (const { status, headers, body, isWhole } of answers) {
    if (isFault(status, body)) return `status ${status}: ${body.toString("utf8", 0, 200)}`;
    if (!isWhole || status < 400 || headers.get("content-type") !== "application/json") continue;
    if (!isJson(body)) return `a refusal that is no JSON: ${body.toString("utf8", 0, 200)}`;
  }
  return undefined;
}

/** The server is slow, away, or ended a kept connection just then: that a caller is told. So are words of HTTP that the door does not speak. */
const isFault = (status: number, body: Buffer): boolean => {
  if (status < 500 || status === 503 || status === 504) return false;
  if (status === 501 || status === 505) return body.length > 0;
  return !(status === 502 && body.includes(brokenWords));
};

function isJson(body: Buffer): boolean {
  try {
    JSON.parse(body.toString("utf8"));
    return true;
  } catch {
    return false;
  }
}

interface Exchanged {
  readonly bytes: Buffer;
  readonly isClosedByDoor: boolean;
  /** The client went first. */
  readonly hasLeft: boolean;
}

function exchange(port: number, { bytes, cuts, ending }: Input): Promise<Exchanged> {
  const { promise, resolve } = Promise.withResolvers<Exchanged>();
  const chunks: Buffer[] = [];
  const socket = connect({ port, host: "127.0.0.1", noDelay: true, allowHalfOpen: true });
  let isClosedByDoor = true;
  let hasLeft = false;
  let size = 0;
  let timer: NodeJS.Timeout | undefined;
  const give = (): Buffer => Buffer.concat(chunks);
  const wait = (ms: number, then: () => void): void => {
    clearTimeout(timer);
    timer = setTimeout(then, ms);
  };
  const leave = (): void => {
    hasLeft = true;
    if (size > enoughBytes) {
      socket.destroy();
      return;
    }
    const read = readAnswers(give(), false);
    // A stream that goes on is left by a reset: ending it would only tell that nothing more is asked.
    if (read.ok && read.answers.some(({ isWhole }) => !isWhole)) {
      socket.destroy();
      return;
    }
    socket.end();
    wait(closeWithinMs, () => {
      isClosedByDoor = false;
      socket.destroy();
    });
  };
  const onBytes = (): void => {
    if (hasLeft) return;
    if (size > enoughBytes) {
      leave();
      return;
    }
    const read = readAnswers(give(), false);
    const isAnswered = !read.ok || read.answers.some(({ isWhole }) => isWhole);
    if (ending === "answered" && isAnswered) leave();
    else wait(quietMs, leave);
  };
  const finish = (): void => {
    if (ending === "abort") {
      hasLeft = true;
      socket.resetAndDestroy();
    } else if (chunks.length > 0) onBytes();
    else wait(patienceMs, leave);
  };
  socket.on("data", (chunk: Buffer) => {
    if (size <= enoughBytes) chunks.push(chunk);
    size += chunk.length;
    onBytes();
  });
  socket.on("end", () => socket.end());
  socket.on("error", () => undefined);
  socket.on("close", () => {
    clearTimeout(timer);
    resolve({ bytes: give(), isClosedByDoor, hasLeft });
  });
  socket.on("connect", () => writePieces([...cuts, bytes.length]));
  const writePieces = (ends: readonly number[], at = 0): void => {
    const [end, ...rest] = ends;
    if (end === undefined || socket.destroyed) {
      if (!socket.destroyed) finish();
      return;
    }
    // One piece per turn of the loop, so that each travels alone.
    socket.write(bytes.subarray(at, end), () => setImmediate(writePieces, rest, end));
  };
  return promise;
}
