import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { makeFolder, until } from "../testing/fixture.ts";
import { createSocketWatch, identifySocket } from "./socket-watch.ts";

describe("a watch for a socket", () => {
  it("tells once of one that comes, and again only when it was started again", async () => {
    const path = join(makeFolder(), "socket");
    let found = 0;
    const watch = createSocketWatch(path, () => found++);
    onTestFinished(watch.close);
    watch.start(identifySocket(path));
    watch.start(identifySocket(path));
    writeFileSync(path, "");
    await until("it was found", () => found === 1);
    const seen = identifySocket(path);
    watch.start(seen);
    writeFileSync(`${path}.new`, "");
    renameSync(`${path}.new`, path);
    await until("the next was found", () => found === 2);
    expect(identifySocket(path)).not.toBe(seen);
  });

  it("is not taken in by the one that did not answer", async () => {
    const folder = makeFolder();
    const [stale, fresh] = [join(folder, "stale"), join(folder, "fresh")];
    writeFileSync(stale, "");
    const found: string[] = [];
    const [watchStale, watchFresh] = [stale, fresh].map((path) => createSocketWatch(path, () => found.push(path)));
    onTestFinished(() => [watchStale, watchFresh].forEach((watch) => watch?.close()));
    watchStale?.start(identifySocket(stale));
    watchFresh?.start(undefined);
    writeFileSync(fresh, "");
    // Both look in the same rhythm, so the stale one was looked at as often.
    await until("the fresh one was found", () => found.length > 0);
    expect(found).toEqual([fresh]);
  });
});
