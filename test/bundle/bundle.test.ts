/** Bundles as images hold them: one file that runs by itself, and how large it is. */
import { execFile } from "node:child_process";
import { copyFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { nameFileFolder } from "../fixtures/temporary-folder.ts";
import { bundleProgram, programs, type Program } from "./bundle.ts";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../..", import.meta.url));
const folder = nameFileFolder("bundle");

/** Bundles that were asked for, each made once. */
const made = new Map<Program, Promise<string>>();

function bundle(program: Program): Promise<string> {
  const file = made.get(program) ?? bundleProgram(program, root, folder);
  made.set(program, file);
  return file;
}

/** Bytes of the file that a program's image has beside Node. */
async function measure(program: Program): Promise<number> {
  return (await stat(await bundle(program))).size;
}

describe("the bundle", () => {
  it.each(programs)("of the %s runs without anything beside it, and has nothing to complain of", async (program) => {
    const alone = join(folder, `${program}.js`);
    await copyFile(await bundle(program), alone);
    const { stdout, stderr } = await run(process.execPath, [alone, "--help"], { cwd: folder, env: {} });
    expect(stdout).toContain(program === "cli" ? "outrigger check" : "OUTRIGGER_LOG_LEVEL");
    expect(stderr).toBe("");
  });

  it("of the sidecar is at most 3 MB, since every pod has it", async () => {
    const bytes = await measure("sidecar");
    expect(bytes).toBeLessThanOrEqual(3_000_000);
  });

  it("of the cli knows its version without a package.json beside it", async () => {
    const { stdout } = await run(process.execPath, [await bundle("cli"), "--version"], { cwd: folder, env: {} });
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it.each(["webhook", "operator", "aggregator", "cli"] as const)(
    "of the %s has no models of the Kubernetes client in it",
    async (program) => {
      const bytes = await measure(program);
      expect(bytes).toBeLessThanOrEqual(10_000_000);
    },
  );
});
