/** The tutorial as a reader follows it: its file, its commands, its output. */
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { findFreePort } from "../demo/stage/http-servers.ts";
import { startOutrigger } from "../demo/stage/outrigger.ts";
import { repositoryEnvironment, repositoryRoot } from "../demo/stage/root.ts";

/** One command of a `console` block with the output that the page shows below it. */
interface Example {
  readonly command: string;
  readonly output: string;
}

function readFences(text: string, language: string): string[] {
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, "gms"))].map(([, body = ""]) => body);
}

function readExamples(block: string): Example[] {
  return block
    .split(/^\$ /m)
    .filter((part) => part !== "")
    .map((part) => {
      const end = part.indexOf("\n");
      return { command: part.slice(0, end), output: part.slice(end + 1) };
    });
}

interface Ran {
  readonly text: string;
  readonly code: number | null;
}

/** Runs one line of the page in a shell, as its reader does. */
async function runLine(command: string, env: NodeJS.ProcessEnv): Promise<Ran> {
  const child = spawn("sh", ["-c", command], { cwd: repositoryRoot, env, stdio: ["ignore", "pipe", "pipe"] });
  let text = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk: Buffer) => (text += chunk.toString("utf8")));
  const { promise, resolve } = Promise.withResolvers<number | null>();
  child.once("close", resolve);
  return { code: await promise, text };
}

/** How long a limited caller waits depends on when it asks; npm's own warnings are about the reader's settings. */
const settle = (text: string): string =>
  text
    .replace(/Wait \d+ seconds?/g, "Wait N seconds")
    .split("\n")
    .filter((line) => !line.startsWith("npm warn"))
    .join("\n")
    .trim();

it(
  "F-194 the tutorial's commands print what its page says, prompts to try included",
  { timeout: 120_000 },
  async () => {
    const page = await readFile(join(repositoryRoot, "docs/tutorials/first-steps.md"), "utf8");
    const folder = await mkdtemp(join(tmpdir(), "outrigger-tutorial-"));
    const config = join(folder, "mcp.json");
    await writeFile(config, readFences(page, "json")[0] ?? "");
    const env = { ...repositoryEnvironment(), NOTES_FILE: join(folder, "notes.jsonl"), NO_COLOR: "1" };
    let stop = (): Promise<number> => Promise.resolve(0);
    try {
      const started = await startOutrigger({
        config,
        port: await findFreePort(),
        env,
        onServer: () => undefined,
        onStarted: (stopUp) => (stop = stopUp),
      });
      const reader = { ...env, OUTRIGGER_ENDPOINT: new URL(started.mcpUrl).origin };
      const examples = readFences(page, "console").flatMap(readExamples);
      expect(examples.length).toBeGreaterThan(8);
      for (const { command, output } of examples) {
        expect(settle((await runLine(command, reader)).text), command).toBe(settle(output));
      }
    } finally {
      await stop();
      await rm(folder, { recursive: true, force: true });
    }
  },
);
