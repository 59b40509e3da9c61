import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it, vi } from "vitest";
import { startChild, type Child, type Exit } from "./child.ts";
import { isProcessAlive } from "./run-folder.ts";

const program = join(import.meta.dirname, "testdata", "program.mjs");
const folder = mkdtempSync(join(tmpdir(), "outrigger-child-"));
afterAll(() => rmSync(folder, { recursive: true }));

interface Started {
  readonly child: Child;
  readonly listening: Promise<Readonly<Record<string, number>>>;
  readonly exited: Promise<Exit>;
}

function start(behaviour: string, over: { start?: string[]; cwd?: string } = {}): Started {
  const listening = Promise.withResolvers<Readonly<Record<string, number>>>();
  const exited = Promise.withResolvers<Exit>();
  const child = startChild(
    {
      start: over.start ?? [process.execPath, program],
      args: [behaviour, join(folder, "grandchild")],
      env: process.env,
      cwd: over.cwd ?? folder,
    },
    { onListening: listening.resolve, onLine: () => undefined, onExit: exited.resolve },
  );
  return { child, listening: listening.promise, exited: exited.promise };
}

describe("startChild", () => {
  it("tells the ports and ends a program that listens to SIGTERM", async () => {
    const { child, listening, exited } = start("serve");
    expect(await listening).toEqual({ dataPort: child.pid });
    child.stop(10_000);
    expect(await exited).toMatchObject({ code: 0 });
    expect(isProcessAlive(child.pid!)).toBe(false);
  });

  it("keeps the last words of a program that fails", async () => {
    expect(await start("crash").exited).toEqual({
      code: 7,
      how: "exit code 7",
      lastWords: ["first words", "last words"],
    });
  });

  it("ends a program that does not listen by force, and what it started with it", async () => {
    const { child, listening, exited } = start("deaf");
    await listening;
    const grandchild = Number(readFileSync(join(folder, "grandchild"), "utf8"));
    expect(isProcessAlive(grandchild)).toBe(true);
    child.stop(50);
    expect((await exited).how).toBe("SIGKILL");
    await vi.waitFor(() => expect(isProcessAlive(grandchild)).toBe(false), { timeout: 20_000 });
  });

  it("tells a command or a folder that does not exist as an exit", async () => {
    expect((await start("serve", { start: ["no-such-program-here"] }).exited).how).toMatch(/ENOENT/);
    expect((await start("serve", { cwd: join(folder, "nowhere") }).exited).how).toMatch(/ENOENT/);
  });
});
