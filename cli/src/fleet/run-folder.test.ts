import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { createRunFolder, isProcessAlive, sweepRunFolders } from "./run-folder.ts";

const parent = mkdtempSync(join(tmpdir(), "outrigger-folders-"));
afterAll(() => rmSync(parent, { recursive: true }));

describe("the run folder", () => {
  it("is private, holds whole files only, and goes away", () => {
    const folder = createRunFolder(parent, 1);
    const file = folder.write("a.json", "1");
    folder.write("a.json", "2");
    expect(readFileSync(file, "utf8")).toBe("2");
    expect(readdirSync(folder.path)).toEqual(["a.json"]);
    if (process.platform !== "win32") {
      expect(statSync(folder.path).mode & 0o777).toBe(0o700);
      expect(statSync(file).mode & 0o777).toBe(0o600);
    }
    folder.remove();
    folder.remove();
    expect(existsSync(folder.path)).toBe(false);
  });

  it("is removed by the next run where its owner was killed, and only then", () => {
    const mine = createRunFolder(parent, process.pid);
    const dead = createRunFolder(parent, 999_999_999);
    mkdirSync(join(parent, "outrigger-other"));
    expect(sweepRunFolders(parent, isProcessAlive)).toEqual([dead.path.slice(parent.length + 1)]);
    expect(existsSync(mine.path)).toBe(true);
    expect(readdirSync(parent)).toContain("outrigger-other");
  });
});
