import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { createFileSource } from "./file.ts";
import type { DiscoveredSet, DiscoverySource } from "./source.ts";

let folder = "";
let source: DiscoverySource | undefined;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "outrigger-file-"));
});
afterEach(async () => {
  await source?.stop();
  await rm(folder, { recursive: true });
});

const text = (...names: string[]): string =>
  JSON.stringify({
    mcpServers: Object.fromEntries(
      names.map((name) => [name, { url: "http://127.0.0.1:1/mcp", outrigger: { control: "http://127.0.0.1:2" } }]),
    ),
  });

async function startSource(path: string, pollMs?: number): Promise<() => DiscoveredSet | undefined> {
  let last: DiscoveredSet | undefined;
  source = createFileSource({ path, nowMs: () => 0, ...(pollMs === undefined ? {} : { pollMs }) });
  await source.start((set) => {
    last = set;
  });
  return () => last;
}

const namesOf = (set: DiscoveredSet | undefined): string => (set?.sidecars ?? []).map(({ server }) => server).join();
const soon = { timeout: 20_000, interval: 10 };

it("reads the file again when it is written, and when it is replaced as editors and ConfigMaps do", async () => {
  const path = join(folder, "servers.json");
  await writeFile(path, text("one"));
  const last = await startSource(path, 60_000);
  expect(namesOf(last())).toBe("one");
  await writeFile(path, text("one", "two"));
  await vi.waitFor(() => expect(namesOf(last())).toBe("one,two"), soon);
  await writeFile(join(folder, "next"), text("three"));
  await rename(join(folder, "next"), path);
  await vi.waitFor(() => expect(namesOf(last())).toBe("three"), soon);
});

it("keeps the last good set while the file is broken or gone, says why, and recovers with the same content", async () => {
  const path = join(folder, "servers.json");
  await writeFile(path, text("one"));
  const last = await startSource(path, 20);
  await writeFile(path, '{"mcpServers":');
  await vi.waitFor(() => expect(last()?.fault).toContain("not JSON"), soon);
  expect(namesOf(last())).toBe("one");
  await rm(path);
  await vi.waitFor(() => expect(last()?.fault).toContain("can't be read"), soon);
  expect(namesOf(last())).toBe("one");
  await writeFile(path, text("one"));
  await vi.waitFor(() => expect(last()?.fault).toBeUndefined(), soon);
  expect(namesOf(last())).toBe("one");
});

it("takes a file that comes later, in a folder that comes later", async () => {
  const path = join(folder, "later", "servers.json");
  const last = await startSource(path, 20);
  expect(last()).toMatchObject({ sidecars: [], fault: expect.stringContaining("can't be read") as string });
  expect(source?.isSynced()).toBe(true);
  const { mkdir } = await import("node:fs/promises");
  await mkdir(join(folder, "later"));
  await writeFile(path, text("one"));
  await vi.waitFor(() => expect(namesOf(last())).toBe("one"), soon);
});
