/** Splits the body of a watch into lines of JSON. Bounds the line, because a peer decides how long it gets. */

/** Largest event of a watch in bytes. etcd takes objects of 1.5 MiB. */
const maxLineBytes = 8 * 1024 * 1024;

/**
 * Yields the lines of a byte stream as text, without their ends, empty ones left out.
 * Errors: throws where a line exceeds 8 MiB. A last line without an end is not yielded: the stream broke inside it.
 */
export async function* splitLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const parts: Uint8Array[] = [];
  let heldBytes = 0;
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      parts.push(chunk.subarray(start, end));
      const line = Buffer.concat(parts).toString("utf8").trim();
      parts.length = 0;
      heldBytes = 0;
      start = end + 1;
      if (line !== "") yield line;
    }
    if (start < chunk.length) {
      parts.push(chunk.subarray(start));
      heldBytes += chunk.length - start;
      if (heldBytes > maxLineBytes) throw new Error(`an event of the watch exceeds ${maxLineBytes} bytes`);
    }
  }
}
