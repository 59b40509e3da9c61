import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, expect, it, vi } from "vitest";
import { watchConfig } from "./watch.ts";

const folder = mkdtempSync(join(tmpdir(), "outrigger-watch-"));
const file = join(folder, "mcp.json");
let unwatch: (() => void) | undefined;

afterEach(() => {
  unwatch?.();
  rmSync(file, { force: true });
});

afterAll(() => rmSync(folder, { recursive: true }));

it("tells of a write, of a replacement and of a removal, once each", async () => {
  writeFileSync(file, "one");
  const onChange = vi.fn();
  unwatch = watchConfig(file, onChange);
  const settle = async (calls: number): Promise<void> => {
    await vi.waitFor(() => expect(onChange).toHaveBeenCalledTimes(calls), { timeout: 20_000, interval: 50 });
  };
  writeFileSync(file, "one, longer");
  await settle(1);
  writeFileSync(`${file}.new`, "two");
  renameSync(`${file}.new`, file);
  await settle(2);
  rmSync(file);
  await settle(3);
});
