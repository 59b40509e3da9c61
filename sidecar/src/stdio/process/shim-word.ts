/** Reads what the shim says at the end of a connection. Source: shim/README.md, "The last word". */
import { constants } from "node:os";
import { shimMark } from "@outrigger/api/shim";
import { exited, type ChildEnd } from "./child-end.ts";

const mark = Buffer.from(shimMark, "utf8");

/** Returns the end that a line tells of; undefined where the shim did not write it. */
export function readShimWord(line: Buffer): ChildEnd | undefined {
  if (!line.subarray(0, mark.length).equals(mark)) return undefined;
  const [, word = "", rest = ""] = /^([a-z]+) (.*)$/.exec(line.toString("utf8", mark.length)) ?? [];
  return readers[word]?.(rest);
}

const readers: Readonly<Record<string, (rest: string) => ChildEnd>> = {
  exited: (code) => exited(Number(code), null),
  killed: (signal) => exited(null, nameSignal(Number(signal))),
  missing: (rest) => ({
    kind: "NotStarted",
    message: `the command ${splitCause(rest).command} does not exist`,
    isMissing: true,
  }),
  unstarted(rest) {
    const { command, cause } = splitCause(rest);
    return { kind: "NotStarted", message: `the command ${command} can't be started: ${cause}` };
  },
  full: (rest) => ({ kind: "Refused", message: `the server's container takes no session: ${rest}` }),
};

function nameSignal(signal: number): string {
  const known = Object.entries(constants.signals).find(([, value]) => value === signal);
  return known?.[0] ?? `signal ${signal}`;
}

/** The cause is the system's and holds no colon; the command may. */
function splitCause(rest: string): { readonly command: string; readonly cause: string } {
  const at = rest.lastIndexOf(": ");
  return at < 0 ? { command: rest, cause: "unknown" } : { command: rest.slice(0, at), cause: rest.slice(at + 2) };
}
