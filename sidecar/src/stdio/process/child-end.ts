/** Why a session with the server ended, in words that are the same wherever its process runs. */

/**
 * `NotStarted`: there never was a process (`isMissing`: the command or folder does not exist); `Awaited`: who would start it is
 * not there yet; `Refused`: who would start it runs as many as it may; `Exited`: the process ended by itself;
 * `Broken`: it broke a bound; `Stopped`: we ended it.
 * `message` may be shown to callers; `lastWords`, from its stderr, only to who runs the server.
 */
export interface ChildEnd {
  readonly kind: "NotStarted" | "Awaited" | "Refused" | "Exited" | "Broken" | "Stopped";
  readonly message: string;
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
