/** Why a session with the server ended, in words that are the same wherever its process runs. */
import type { LinkEnd } from "../../bridge/link.ts";

/**
 * The end of a process, or of the wish for one: `Awaited` and `Refused` come from who would start it, `Exited` from itself.
 * `lastWords`, from its stderr, are only for who runs the server; `isMissing`: the command or folder does not exist.
 */
export interface ChildEnd extends LinkEnd {
  readonly lastWords?: string | undefined;
  readonly isMissing?: true;
}

/** The end of a process by itself: with a code, or by a signal. */
export function exited(code: number | null, signal: string | null): ChildEnd {
  const how = signal === null ? `with code ${String(code)}` : `by ${signal}`;
  return { kind: "Exited", message: `the server's process ended ${how}` };
}

/** The end of a session whose server takes no more messages and lives on. */
export const closedInput: ChildEnd = { kind: "Broken", message: "the server closed its input" };
