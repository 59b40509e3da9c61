/** Takes a server's stderr into the log: bounded lines, bounded rate. What a server writes there has no meaning for MCP. */
import type { Readable } from "node:stream";
import type { Logger } from "@outrigger/runtime/logger";

const maxLineLength = 2_048;
const maxLinesPerSecond = 100;

/** What is known of a server's stderr. */
export interface ErrorOutput {
  /** The last line that was not empty, at most 200 characters; undefined where there is none. */
  readonly lastLine: () => string | undefined;
}

/** Reads the stream to its end; reading never stops, so that a server is never held up by its own noise. */
export function followErrorOutput(stream: Readable, deps: { logger: Logger; now: () => number }): ErrorOutput {
  const { logger, now } = deps;
  let rest = "";
  let last: string | undefined;
  let window = { startMs: now(), lines: 0 };

  const report = (text: string): void => {
    const line = text.trimEnd().slice(0, maxLineLength);
    if (line === "") return;
    last = line.slice(0, 200);
    if (now() - window.startMs >= 1_000) {
      if (window.lines > maxLinesPerSecond) {
        logger.warn({ dropped: window.lines - maxLinesPerSecond }, "lines of the server's stderr were dropped");
      }
      window = { startMs: now(), lines: 0 };
    }
    window.lines++;
    if (window.lines <= maxLinesPerSecond) logger[levelOf(line)]({ line }, "server stderr");
  };
  stream.setEncoding("utf8");
  stream.on("data", (chunk: string) => {
    const lines = (rest + chunk).split("\n");
    // What is beyond the bound would be cut anyway: keeping it would let a server without newlines fill the memory.
    rest = (lines.pop() ?? "").slice(0, maxLineLength);
    lines.forEach(report);
  });
  stream.on("end", () => report(rest));
  return { lastLine: () => last };
}

function levelOf(line: string): "error" | "warn" | "info" {
  if (/\b(error|fatal|panic|exception|traceback)\b/i.test(line)) return "error";
  return /\b(warn|warning|deprecated)\b/i.test(line) ? "warn" : "info";
}
