/** A command behind the stdio shim, and the command taken out again. */
import { shimPaths } from "@outrigger/api/shim";

/** The command that runs another one behind the shim, with at most so many sessions. */
export function wrapCommand(command: readonly unknown[], maxSessions: number): readonly unknown[] {
  return [shimPaths.program, "--socket", shimPaths.socket, "--max-sessions", String(maxSessions), "--", ...command];
}

/** The part of a command behind the shim; undefined where it does not begin with the shim. */
export function unwrapCommand(command: readonly unknown[]): readonly unknown[] | undefined {
  if (command[0] !== shimPaths.program) return undefined;
  const end = command.indexOf("--");
  return end < 0 ? [] : command.slice(end + 1);
}
