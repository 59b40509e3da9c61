/** One at a time, also after a crash. */
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { makeTestFolder } from "../../../../fixtures/temporary-folder.ts";
import { withLock } from "./lock.ts";

const makeLock = (): string => join(makeTestFolder("lock"), "cluster.lock");

describe("the lock", () => {
  it("refuses a second holder while the first is at work, and lets the next one in", async () => {
    const file = makeLock();
    await withLock(file, async () => {
      await expect(withLock(file, () => Promise.resolve())).rejects.toThrow(`process ${process.pid}`);
    });
    expect(existsSync(file)).toBe(false);
    await expect(withLock(file, () => Promise.resolve("in"))).resolves.toBe("in");
  });

  it("is free again when the work fails", async () => {
    const file = makeLock();
    await expect(withLock(file, () => Promise.reject(new Error("broken")))).rejects.toThrow("broken");
    expect(existsSync(file)).toBe(false);
  });

  it("is taken from a process that lives no more", async () => {
    const file = makeLock();
    await writeFile(file, "999999999");
    await expect(withLock(file, () => Promise.resolve("in"))).resolves.toBe("in");
  });
});
