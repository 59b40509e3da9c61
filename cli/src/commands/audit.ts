/** `outrigger audit verify`: says whether audit lines are as they were written, and which is the first that is not. */
import { createReadStream } from "node:fs";
import { resolve } from "node:path";
import { createInterface } from "node:readline";
import { createAuditVerifier, type AuditVerifier, type BrokenLine } from "@outrigger/runtime/audit-verify";
import { Command } from "commander";
import type { Io } from "../io.ts";
import { reportProblem } from "../output/problem.ts";

const examples = `
Examples:
  outrigger audit verify audit.jsonl
  outrigger audit verify audit.jsonl.2 audit.jsonl.1 audit.jsonl
  kubectl logs POD -c outrigger-sidecar | outrigger audit verify -

Files that were rotated are given together, the oldest first. Lines that are no audit lines are passed over.`;

/** Builds the command. */
export function createAuditCommand(io: Io): Command {
  const verify = new Command("verify")
    .description("check the chains of audit lines, and name the first line that was changed, removed or put in")
    .argument("<files...>", "files with audit lines, the oldest first; - reads stdin")
    .addHelpText("after", examples)
    .action((files: readonly string[]) => runVerify(io, files));
  return new Command("audit").addCommand(verify).addHelpText("after", examples);
}

async function runVerify(io: Io, files: readonly string[]): Promise<void> {
  const verifier = createAuditVerifier();
  for (const file of files) {
    const outcome = await takeFile(io, file, verifier);
    if (outcome === undefined) continue;
    if ("why" in outcome) reportBroken(io, outcome);
    else reportUnreadable(io, file, outcome);
    return;
  }
  reportChains(io, verifier, files);
}

/** Takes every line; returns the first that is broken, or why the file can't be read. */
async function takeFile(io: Io, file: string, verifier: AuditVerifier): Promise<BrokenLine | Error | undefined> {
  let number = 0;
  try {
    for await (const line of readLines(io, file)) {
      const broken = verifier.take(line, `${file}:${++number}`);
      if (broken !== undefined) return broken;
    }
    return undefined;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

async function* readLines(io: Io, file: string): AsyncGenerator<string> {
  if (file === "-") yield* (await io.readStdin()).split("\n");
  // A file may be larger than memory.
  else yield* createInterface({ input: createReadStream(resolve(io.cwd, file)), crlfDelay: Number.POSITIVE_INFINITY });
}

function reportBroken(io: Io, { at, why }: BrokenLine): void {
  io.out.write(`${io.out.paint.bad("broken")} at ${at}: ${why}\n`);
  io.setExitCode(1);
}

function reportUnreadable(io: Io, file: string, error: Error): void {
  reportProblem(io, {
    code: "OUTRIGGER_ERR_USAGE",
    what: `${file} can't be read: ${error.message}.`,
    next: "outrigger audit verify --help",
  });
}

function reportChains(io: Io, verifier: AuditVerifier, files: readonly string[]): void {
  const chains = verifier.chains();
  if (chains.length === 0) {
    io.out.write(`no audit lines in ${files.join(", ")}\n`);
    io.setExitCode(1);
    return;
  }
  for (const { id, lines, lost, hasEnd, start } of chains) {
    const who = [start["namespace"], start["pod"], start["server"]]
      .filter((each) => typeof each === "string")
      .join("/");
    const end = hasEnd ? "ended in order" : "still open, or its end is missing";
    const gap = lost === 0 ? "" : `, ${lost} decisions lost`;
    io.out.write(`${lost === 0 ? "whole" : "gap"}  ${id}  ${who}  ${lines} lines, ${end}${gap}\n`);
  }
  if (chains.some(({ lost }) => lost > 0)) io.setExitCode(1);
}
