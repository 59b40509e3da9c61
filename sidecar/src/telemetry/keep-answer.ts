/** Keeps the beginning of what a client is answered, and the hash of the whole, while it passes. Changes nothing of it. */
import { createHash } from "node:crypto";
import type { ClientSide } from "../call/client-side.ts";
import type { KeptAnswer } from "../call/exchange.ts";

/** Wraps the client's side; at most `limitBytes` of the answer are kept. */
export function keepAnswer(
  client: ClientSide,
  limitBytes: number,
): { readonly client: ClientSide; readonly answer: KeptAnswer } {
  const hash = createHash("sha256");
  const chunks: Buffer[] = [];
  let keptBytes = 0;
  let allBytes = 0;
  let contentType: string | undefined;
  const see = (chunk: Buffer): void => {
    hash.update(chunk);
    allBytes += chunk.length;
    if (keptBytes >= limitBytes) return;
    // A copy: the bytes belong to whoever reads the socket.
    const part = Buffer.from(chunk.subarray(0, limitBytes - keptBytes));
    keptBytes += part.length;
    chunks.push(part);
  };
  const seeHead = (headers: readonly string[]): void => {
    const at = headers.findIndex((name, index) => index % 2 === 0 && name.toLowerCase() === "content-type");
    contentType = at < 0 ? undefined : headers[at + 1];
  };
  return {
    client: {
      ...client,
      head: (status, headers, options) => {
        seeHead(headers);
        client.head(status, headers, options);
      },
      write: (chunk) => {
        see(chunk);
        return client.write(chunk);
      },
      end: (chunk) => {
        if (chunk !== undefined) see(chunk);
        client.end(chunk);
      },
      refuse: (refusal) => {
        seeHead(refusal.headers);
        see(refusal.body);
        client.refuse(refusal);
      },
    },
    answer: {
      contentType: () => contentType,
      bytes: () => Buffer.concat(chunks),
      isWhole: () => allBytes === keptBytes,
      sha256: () => hash.copy().digest("hex"),
    },
  };
}
