/** How a command says that it could not do its work: what, where, and the next command to type. Always on stderr. */
import { programErrors, type ProgramErrorCode } from "@outrigger/api/errors";
import type { Io } from "../io.ts";

/** One failure. `details` are further lines, `next` is a command or a sentence that leads on. */
export interface Problem {
  readonly code: ProgramErrorCode;
  readonly what?: string;
  readonly details?: readonly string[];
  readonly next?: string;
}

/** Prints a problem and sets the exit code that belongs to its code. `what` defaults to the code's own sentence. */
export function reportProblem(io: Io, problem: Problem): void {
  const { paint } = io.err;
  const { exitCode, sentence } = programErrors[problem.code];
  const lines = [
    `${paint.bad("error:")} ${problem.what ?? sentence} ${paint.faint(`[${problem.code}]`)}`,
    ...(problem.details ?? []).map((line) => `  ${line}`),
    ...(problem.next === undefined ? [] : [`  ${paint.faint("next:")} ${problem.next}`]),
  ];
  io.err.write(`${lines.join("\n")}\n`);
  io.setExitCode(exitCode);
}
