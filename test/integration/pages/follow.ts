/** Follows a page from top to bottom: every block is run, or read by who it is for. What nobody runs or reads is an error. */
import { spawnSync } from "node:child_process";
import { expect, vi } from "vitest";
import { runCommand } from "../../demo/stage/command.ts";
import { repositoryRoot } from "../../demo/stage/root.ts";
import { findProblems } from "./data.ts";
import { runElsewhere } from "./elsewhere.ts";
import { readExamples, readFences, readMentions, type Example, type Fence } from "./page.ts";
import { createReader, type Reader } from "./reader.ts";
import { settle } from "./settle.ts";

/**
 * Does what the page says, for the running test, whose failures name page and line. Returns how many commands were run: all where a
 * reader is given, else all but those that are run elsewhere.
 */
export async function followPage(page: string, text: string, given?: Reader): Promise<number> {
  let created = given;
  // A clone is made for who saves or runs something.
  const reader = (): Reader => (created ??= createReader());
  let count = 0;
  for (const fence of readFences(text)) {
    const where = `${page}:${fence.line}`;
    // A picture is looked at.
    if (fence.language === "text") continue;
    const follow = followers[fence.language];
    if (follow === undefined) throw new Error(`${where}: nobody runs or reads a block of "${fence.language}"`);
    count += await follow({ reader, fence, where, runsAll: given !== undefined });
  }
  return count;
}

interface Step {
  readonly reader: () => Reader;
  readonly fence: Fence;
  readonly where: string;
  readonly runsAll: boolean;
}

/** Who follows a block of which language; each returns how many commands it ran. */
const followers: Readonly<Record<string, (step: Step) => Promise<number>>> = {
  sh: runExamples,
  console: runExamples,
  json: (step) => saveData("json", step),
  yaml: (step) => saveData("yaml", step),
  ts: async ({ reader, fence, where }) => {
    reader().save("example.ts", fence.body);
    await runExample(reader(), where, { command: "node --conditions=outrigger-source example.ts", output: undefined });
    return 1;
  },
};

async function saveData(language: "json" | "yaml", { reader, fence, where }: Step): Promise<number> {
  const problems = await findProblems(language, fence.body);
  if (problems.length > 0) throw new Error(`${where}: ${problems.join("; ")}`);
  if (fence.file !== undefined) reader().save(fence.file, fence.body);
  return 0;
}

async function runExamples({ reader, fence, where, runsAll }: Step): Promise<number> {
  const examples = readExamples(fence).filter(({ command }) => runsAll || !isRunElsewhere(command));
  for (const example of examples) {
    const isFree = runsAll || !farReaching.test(example.command);
    if (!isFree) throw new Error(`${where}: nobody says where "${example.command}" is run`);
    await runExample(reader(), where, example);
  }
  return examples.length;
}

/** Programs that change more than a clone: a command of theirs that nobody has placed is not tried out. */
const farReaching = /^(?:sudo|apt-get|docker|helm|kubectl|npm) /;

const isRunElsewhere = (command: string): boolean => runElsewhere.some((row) => row.command === command);

/** Where a page shows what is printed, that tells how a command ended too; elsewhere it has to succeed. */
async function runExample(reader: Reader, where: string, { command, output }: Example): Promise<void> {
  const patienceMs = reader.patienceMs(command);
  const attempt = async (): Promise<void> => {
    const ran = await reader.run(command);
    if (output === undefined) expect(ran.code, `${where}: ${command}\n${ran.text}`).toBe(0);
    else expect(settle(ran.text), `${where}: ${command}`).toBe(settle(output));
  };
  await (patienceMs === 0 ? attempt() : vi.waitFor(attempt, { timeout: patienceMs, interval: 500 }));
}

/** Commands in the sentences of a page that nobody runs and that `--help` does not know as they are written. */
export async function findUnknownMentions(text: string): Promise<string[]> {
  const unknown: string[] = [];
  for (const command of readMentions(text)) {
    if (!isRunElsewhere(command) && !(await isKnownToHelp(command))) unknown.push(command);
  }
  return unknown;
}

async function isKnownToHelp(command: string): Promise<boolean> {
  if (/^node .* --help$/.test(command)) return spawnSync("sh", ["-c", command], { cwd: repositoryRoot }).status === 0;
  const typed = /^(?:npx )?outrigger(?: (?<verb>[a-z-]+))?(?<rest>(?: .*)?)$/.exec(command)?.groups;
  if (typed === undefined) return false;
  const { verb, rest = "" } = typed;
  const words = verb === undefined ? [] : [verb];
  const { code, out } = await runCommand([...words, "--help"]);
  const flags = [...rest.matchAll(/ (--?[a-z-]+)/g)].map(([, flag = ""]) => flag);
  const isOwnHelp = out.startsWith(`Usage: ${["outrigger", ...words].join(" ")} `);
  return code === 0 && isOwnHelp && flags.every((flag) => out.includes(flag));
}
