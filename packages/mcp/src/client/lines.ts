/** Splits a byte stream into lines, as stdio servers send them: one JSON message a line. Bounded; CRLF is read as LF. */

/** Whole lines without their ends, and whether the one under way has become too long: then the splitter takes no more. */
export interface SplitLines {
  readonly lines: readonly Buffer[];
  readonly overflow: boolean;
}

export interface LineSplitter {
  readonly push: (chunk: Uint8Array) => SplitLines;
}

/** Creates a splitter; a line may have so many bytes. Empty lines are left out. Source: MCP basic/transports, "stdio". */
export function createLineSplitter(options: { readonly maxLineBytes: number }): LineSplitter {
  let held: Uint8Array[] = [];
  let size = 0;
  let overflow = false;
  return {
    push: (chunk) => {
      const lines: Buffer[] = [];
      let start = 0;
      for (let end = chunk.indexOf(0x0a); end >= 0 && !overflow; end = chunk.indexOf(0x0a, start)) {
        const line = trimEnd(Buffer.concat([...held, chunk.subarray(start, end)]));
        overflow = line.length > options.maxLineBytes;
        if (line.length > 0 && !overflow) lines.push(line);
        held = [];
        size = 0;
        start = end + 1;
      }
      const rest = Buffer.from(chunk.subarray(start));
      held.push(rest);
      size += rest.length;
      overflow ||= size > options.maxLineBytes;
      return { lines, overflow };
    },
  };
}

function trimEnd(line: Buffer): Buffer {
  return line.at(-1) === 0x0d ? line.subarray(0, -1) : line;
}
