/** Reads the HTTP answer by which a server refuses a stream or a message, whole and bounded, so that a client can be told. */
import type { WholeAnswer } from "../../bridge/link.ts";

/** What is kept of a refusal's body: a challenge or an error is small. */
const maxBodyBytes = 65_536;

/** Collects one refusal. */
export interface RefusedAnswer {
  readonly add: (chunk: Buffer) => void;
  readonly whole: () => WholeAnswer;
}

/** Headers that belong to the connection or to a length that may have changed. */
const dropped: ReadonlySet<string> = new Set(["content-length", "transfer-encoding", "connection", "keep-alive"]);

/** Starts with the head. A body that is too large is left out. */
export function createRefusedAnswer(status: number, headers: readonly string[]): RefusedAnswer {
  const chunks: Buffer[] = [];
  let size = 0;
  return {
    add(chunk) {
      size += chunk.length;
      if (size <= maxBodyBytes) chunks.push(chunk);
    },
    whole: () => ({
      status,
      headers: headers.filter((_, at) => !dropped.has((headers[at - (at % 2)] ?? "").toLowerCase())),
      body: size <= maxBodyBytes ? Buffer.concat(chunks) : Buffer.alloc(0),
    }),
  };
}
