/** The demo as people run it: the whole tour on real servers, its failure, its interruption, and that nothing stays behind. */
import { spawn } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { makeTestFolder } from "../fixtures/temporary-folder.ts";
import { waitFor } from "../fixtures/wait-for.ts";
import { listDescendants, listProcesses } from "./stage/processes.ts";
import { repositoryRoot } from "./stage/root.ts";

interface Demo {
  readonly pid: number;
  readonly out: () => string;
  readonly exited: Promise<number | null>;
}

function startDemo(args: readonly string[], env: NodeJS.ProcessEnv = process.env): Demo {
  const program = join(repositoryRoot, "test", "demo", "main.ts");
  const child = spawn(process.execPath, ["--conditions=outrigger-source", program, ...args], {
    cwd: repositoryRoot,
    env,
  });
  let text = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (text += chunk.toString()));
  const { promise: exited, resolve } = Promise.withResolvers<number | null>();
  child.once("close", resolve);
  return { pid: child.pid!, out: () => text, exited };
}

const stepsOf = (out: string): string[] => out.split("\n").filter((line) => /^ ?\d+ {2}\S/.test(line));
const leftOf = (pids: readonly number[]): number[] =>
  listProcesses().flatMap(({ pid }) => (pids.includes(pid) ? [pid] : []));

describe("npm run demo", () => {
  it(
    "F-017 shows every step on real servers without a cluster, and leaves nothing running",
    { timeout: 180_000 },
    async () => {
      const demo = startDemo(["--once"]);
      const seen = new Set<number>();
      const watch = setInterval(() => listDescendants(demo.pid).forEach(({ pid }) => seen.add(pid)), 500);
      const code = await demo.exited;
      clearInterval(watch);
      expect(demo.out()).toContain("Every step did what it says");
      expect(code).toBe(0);
      expect(stepsOf(demo.out()).every((line) => line.includes(" ✓ "))).toBe(true);
      expect(demo.out()).not.toContain("\u001b");
      expect(seen.size).toBeGreaterThan(15);
      expect(leftOf([...seen])).toEqual([]);
    },
  );

  it("says what failed and exits with 1 where a step can't do what it says", { timeout: 60_000 }, async () => {
    const nowhere = makeTestFolder("no-git");
    const demo = startDemo(["--once"], { ...process.env, PATH: nowhere, TMPDIR: nowhere });
    expect(await demo.exited).toBe(1);
    expect(readdirSync(nowhere)).toEqual([]);
    expect(demo.out()).toMatch(/^ 1 .* ✗ /m);
    expect(demo.out()).toContain("git");
    expect(demo.out()).not.toContain("Every step did what it says");
  });

  it("takes everything down when it is interrupted half way", { timeout: 120_000 }, async () => {
    const demo = startDemo([]);
    await waitFor(
      "sidecars to run",
      () => listDescendants(demo.pid).some(({ command }) => command.includes("--watch-stdin yes")),
      60_000,
    );
    const pids = listDescendants(demo.pid).map(({ pid }) => pid);
    process.kill(demo.pid, "SIGINT");
    expect(await demo.exited).toBe(130);
    await waitFor("all processes to end", () => leftOf(pids).length === 0, 20_000);
    const folder = /\/\S*outrigger-demo-\w+/.exec(demo.out())?.[0];
    expect(folder === undefined || !existsSync(folder)).toBe(true);
    expect(
      readdirSync(tmpdir()).filter(
        (name) => name.startsWith(`outrigger-up-`) && pids.some((pid) => name.includes(`-${pid}-`)),
      ),
    ).toEqual([]);
  });

  it("refuses an option that it does not have", async () => {
    const demo = startDemo(["--twice"]);
    expect(await demo.exited).toBe(2);
    expect(demo.out()).toContain("no such option: --twice");
  });
});
