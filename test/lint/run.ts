/**
 * `npm run lint`: every check that reads the sources, two at a time, each with its time; all run even where one fails.
 * The order of the list is the order of the report.
 */
import { spawn } from "node:child_process";

interface Check {
  readonly name: string;
  readonly command: readonly string[];
  /** What to do where it fails. */
  readonly mend: string;
}

const fromSource = ["node", "--conditions=outrigger-source"];

const checks: readonly Check[] = [
  { name: "types", command: ["tsc", "-b"], mend: "the errors name file and line" },
  {
    name: "eslint",
    command: ["eslint", "--cache", "--cache-location", ".cache/eslint", "."],
    mend: "npx eslint --fix . mends some",
  },
  { name: "format", command: ["prettier", "--check", "--log-level", "warn", "."], mend: "npm run format" },
  { name: "directions", command: ["npm", "run", "--silent", "deps"], mend: "each rule says which leak it prevents" },
  { name: "dead code", command: ["knip"], mend: "remove what nobody uses" },
  { name: "reference pages", command: [...fromSource, "docs/reference/generate.ts", "--check"], mend: "npm run docs" },
  { name: "chart values", command: [...fromSource, "charts/generate.ts", "--check"], mend: "npm run charts" },
  { name: "feature page", command: [...fromSource, "docs/generate-features.ts", "--check"], mend: "npm run features" },
];

interface Result {
  readonly check: Check;
  readonly ok: boolean;
  readonly output: string;
  readonly seconds: number;
}

function run(check: Check): Promise<Result> {
  const started = performance.now();
  const [program = "", ...args] = check.command;
  return new Promise((resolve) => {
    const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    const collect = (chunk: Buffer): void => void (output += chunk.toString("utf8"));
    child.stdout.on("data", collect);
    child.stderr.on("data", collect);
    child.on("error", (error) => resolve({ check, ok: false, output: error.message, seconds: 0 }));
    child.on("close", (code) => {
      resolve({ check, ok: code === 0, output, seconds: (performance.now() - started) / 1_000 });
    });
  });
}

async function runAll(): Promise<readonly Result[]> {
  const results: Result[] = [];
  const waiting = [...checks];
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const result = await run(next);
      results.push(result);
      console.log(
        `${result.ok ? "ok    " : "FAILED"} ${next.name.padEnd(16)} ${result.seconds.toFixed(1).padStart(5)} s`,
      );
    }
  };
  await Promise.all([work(), work()]);
  return results;
}

const failed = (await runAll()).filter((result) => !result.ok);
for (const { check, output } of failed) console.log(`\n--- ${check.name}: ${check.mend}\n${output.trim()}`);
process.exitCode = failed.length === 0 ? 0 : 1;
