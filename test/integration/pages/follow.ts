/** Follows a page from top to bottom: every block is run, or read by who it is for. What nobody runs or reads is an error. */
import { spawnSync } from "node:child_process";
import { expect } from "vitest";
import { runCommand } from "../../demo/stage/command.ts";
import { repositoryRoot } from "../../demo/stage/root.ts";
import { findProblems } from "./data.ts";
import { runElsewhere } from "./elsewhere.ts";
import { readExamples, readFences, readMentions, type Example, type Fence } from "./page.ts";
import { createReader, type Reader } from "./reader.ts";

/** Does what the page says, for the running test, whose failures name page and line. Returns how many commands were run. */
export async function followPage(page: string, text: string): Promise<number> {
  let created: Reader | undefined;
  // A clone is made for who saves or runs something.
  const reader = (): Reader => (created ??= createReader());
  let count = 0;
  for (const fence of readFences(text)) {
    const where = `${page}:${fence.line}`;
    // A picture is looked at.
    if (fence.language === "text") continue;
    const follow = followers[fence.language];
    if (follow === undefined) throw new Error(`${where}: nobody runs or reads a block of "${fence.language}"`);
    count += await follow({ reader, fence, where });
  }
  return count;
}

interface Step {
  readonly reader: () => Reader;
  readonly fence: Fence;
  readonly where: string;
}

/** Who follows a block of which language; each returns how many commands it ran. */
const followers: Readonly<Record<string, (step: Step) => Promise<number>>> = {
  sh: runExamples,
  console: runExamples,
  json: (step) => saveData("json", step),
  yaml: (step) => saveData("yaml", step),
  ts: ({ reader, fence, where }) => {
    reader().save("example.ts", fence.body);
    return runExample(reader(), where, { command: "node --conditions=outrigger-source example.ts", output: undefined });
  },
};

async function saveData(language: "json" | "yaml", { reader, fence, where }: Step): Promise<number> {
  const problems = await findProblems(language, fence.body);
  if (problems.length > 0) throw new Error(`${where}: ${problems.join("; ")}`);
  if (fence.file !== undefined) reader().save(fence.file, fence.body);
  return 0;
}

async function runExamples({ reader, fence, where }: Step): Promise<number> {
  let count = 0;
  for (const example of readExamples(fence)) count += await runExample(reader(), where, example);
  return count;
}

const isRunElsewhere = (command: string): boolean => runElsewhere.some((row) => row.command === command);

/** Where a page shows what is printed, that tells how a command ended too; elsewhere it has to succeed. */
async function runExample(reader: Reader, where: string, { command, output }: Example): Promise<number> {
  if (isRunElsewhere(command)) return 0;
  const ran = await reader.run(command);
  if (output === undefined) expect(ran.code, `${where}: ${command}\n${ran.text}`).toBe(0);
  else expect(settle(ran.text), `${where}: ${command}`).toBe(settle(output));
  return 1;
}

/** How long a limited caller waits depends on when it asks; npm's own warnings are about the reader's settings. */
function settle(text: string): string {
  const lines = text.replace(/Wait \d+ seconds?/g, "Wait N seconds").split("\n");
  return lines
    .filter((line) => !line.startsWith("npm warn"))
    .join("\n")
    .trim();
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
