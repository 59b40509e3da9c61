/** What the Dockerfile of the shim promises: one static file, which installs itself into a volume and runs a command per session. */
import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { chmod, stat } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { createProgress, toProgressOutput } from "../cluster/progress.ts";
import { run } from "../cluster/run.ts";
import { makeTestFolder } from "../fixtures/temporary-folder.ts";
import { waitFor } from "../fixtures/wait-for.ts";
import { compilerImageName } from "./build-images.ts";
import { buildImage, readImage, removeImage, type ImageFacts } from "./engine-images.ts";
import { startRestricted } from "./restricted-container.ts";

const image = `localhost/outrigger-shim:${randomUUID()}`;
const progress = createProgress(toProgressOutput(process.stderr, process.env));
const endWithinMs = 10_000;

describe.skipIf(!inject("engine").ok)("the image of the shim", () => {
  let facts: ImageFacts;
  beforeAll(async () => {
    await progress.step("shim/Dockerfile", () => {
      return buildImage(image, "shim/Dockerfile", { BUILD_IMAGE: compilerImageName, VERSION: "1.2.3" });
    });
    facts = await readImage(image);
    progress.note(`shim: ${(facts.sizeBytes / 1_000).toFixed(0)} kB`);
  });
  afterAll(() => removeImage(image));

  it("runs the shim as a user that is not root, and says what it is", () => {
    expect(facts).toMatchObject({ User: "65532:65532", Entrypoint: ["/shim"] });
    expect(facts.Labels).toMatchObject({
      "org.opencontainers.image.title": "outrigger-shim",
      "org.opencontainers.image.version": "1.2.3",
    });
  });

  it("says the version that it was built with", async () => {
    const container = await startRestricted({ image, args: ["--version"], until: "ended" });
    await waitFor("its version", () => container.output() === "outrigger-shim 1.2.3\n");
  });

  it("installs itself into a volume, as a program that runs on its own", async () => {
    const folder = await makeSharedFolder();
    await startRestricted({ image, args: ["--install", "/volume"], folders: { "/volume": folder }, until: "ended" });
    expect((await stat(join(folder, "shim"))).mode & 0o777).toBe(0o755);
    expect(await run([join(folder, "shim"), "--version"])).toBe("outrigger-shim 1.2.3\n");
  });

  it("runs the command for a session, holds nothing else, and ends with 0 on SIGTERM", async () => {
    const folder = await makeSharedFolder();
    const args = ["--socket", "/volume/s", "--", "/shim", "--version"];
    const container = await startRestricted({ image, args, folders: { "/volume": folder }, until: "started" });
    await waitFor("its socket", () => existsSync(join(folder, "s")));
    expect(await text(connect(join(folder, "s")))).toMatch(/^outrigger-shim 1\.2\.3\n/);
    const added = /^\/(?:dev|etc|proc|sys|volume|\.dockerenv)(?:\/|$)/; // by the engine and by this test
    expect((await container.listFiles()).filter((file) => !added.test(file))).toEqual(["/shim"]);
    const end = await container.stop(endWithinMs);
    expect(end, container.output()).toMatchObject({ exitCode: 0 });
    expect(end.tookMs).toBeLessThan(endWithinMs);
  });
});

/** A folder that the image's user may write to. */
async function makeSharedFolder(): Promise<string> {
  const folder = makeTestFolder("shim-image");
  await chmod(folder, 0o777);
  return folder;
}
