/** Reads what a server wrote to one connection as HTTP/1.1 answers, strictly: a door that is fuzzed must stay well-formed itself. */

/** One answer. `body` as far as it came. */
export interface Answer {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
  readonly isWhole: boolean;
}

/** The answers of a connection, the last one perhaps not whole; or what is wrong with the bytes. */
export type Answers =
  { readonly ok: true; readonly answers: readonly Answer[] } | { readonly ok: false; readonly problem: string };

const maxProblemLength = 120;

/** Reads everything. `isClosed`: an answer without a length is whole then. Interim answers (1xx) are left out. */
export function readAnswers(bytes: Buffer, isClosed: boolean): Answers {
  const answers: Answer[] = [];
  let at = 0;
  while (at < bytes.length) {
    const read = readAnswer(bytes, at, isClosed);
    if (typeof read === "string") return { ok: false, problem: read };
    if (read === undefined) {
      // A head that is not whole says nothing yet; one that begins wrongly does.
      if (!"HTTP/1.1 ".startsWith(bytes.toString("latin1", at, at + 9)))
        return { ok: false, problem: shown(bytes, at) };
      answers.push({ status: 0, headers: new Map(), body: Buffer.alloc(0), isWhole: false });
      break;
    }
    at = read.end;
    if (read.answer.status >= 200) answers.push(read.answer);
    if (!read.answer.isWhole) break;
  }
  return { ok: true, answers };
}

const shown = (bytes: Buffer, at: number): string =>
  `no HTTP answer: ${JSON.stringify(bytes.toString("latin1", at, at + maxProblemLength))}`;

function readAnswer(
  bytes: Buffer,
  start: number,
  isClosed: boolean,
): { readonly answer: Answer; readonly end: number } | string | undefined {
  const headEnd = bytes.indexOf("\r\n\r\n", start, "latin1");
  if (headEnd < 0) return undefined;
  const [first = "", ...lines] = bytes.toString("latin1", start, headEnd).split("\r\n");
  const status = Number(/^HTTP\/1\.1 ([1-9]\d\d)(?: [\t -~\u0080-\u00ff]*)?$/.exec(first)?.[1]);
  if (Number.isNaN(status)) return shown(bytes, start);
  const headers = new Map<string, string>();
  for (const line of lines) {
    const field = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t -~\u0080-\u00ff]*)$/.exec(line);
    if (field === null) return `a header line that is none: ${JSON.stringify(line.slice(0, maxProblemLength))}`;
    headers.set((field[1] ?? "").toLowerCase(), field[2] ?? "");
  }
  const body = readBody(bytes, { at: headEnd + 4, status, headers, isClosed });
  if (typeof body === "string") return body;
  return { answer: { status, headers, body: body.body, isWhole: body.isWhole }, end: body.end };
}

interface Body {
  readonly body: Buffer;
  readonly end: number;
  readonly isWhole: boolean;
}

function readBody(
  bytes: Buffer,
  from: {
    readonly at: number;
    readonly status: number;
    readonly headers: ReadonlyMap<string, string>;
    readonly isClosed: boolean;
  },
): Body | string {
  const { at, status, headers, isClosed } = from;
  if (status < 200 || status === 204 || status === 304) return { body: Buffer.alloc(0), end: at, isWhole: true };
  const length = headers.get("content-length");
  const coding = headers.get("transfer-encoding");
  if (length !== undefined && coding !== undefined) return "an answer with a length and a transfer coding";
  if (coding !== undefined) return coding === "chunked" ? readChunks(bytes, at) : `transfer coding ${coding}`;
  if (length === undefined) return { body: bytes.subarray(at), end: bytes.length, isWhole: isClosed };
  if (!/^\d+$/.test(length)) return `content-length ${length}`;
  const end = at + Number(length);
  return { body: bytes.subarray(at, end), end: Math.min(end, bytes.length), isWhole: end <= bytes.length };
}

function readChunks(bytes: Buffer, start: number): Body | string {
  const parts: Buffer[] = [];
  let at = start;
  for (;;) {
    const lineEnd = bytes.indexOf("\r\n", at, "latin1");
    if (lineEnd < 0) return { body: Buffer.concat(parts), end: bytes.length, isWhole: false };
    const line = bytes.toString("latin1", at, lineEnd);
    if (!/^[0-9a-fA-F]{1,8}$/.test(line)) return `a chunk size that is none: ${JSON.stringify(line.slice(0, 40))}`;
    const size = Number.parseInt(line, 16);
    const end = lineEnd + 2 + size;
    parts.push(bytes.subarray(lineEnd + 2, end));
    if (bytes.length < end + 2) return { body: Buffer.concat(parts), end: bytes.length, isWhole: false };
    if (bytes.toString("latin1", end, end + 2) !== "\r\n") return "a chunk without its end";
    at = end + 2;
    if (size === 0) return { body: Buffer.concat(parts), end: at, isWhole: true };
  }
}
