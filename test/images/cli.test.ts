/** What the command's Dockerfile promises: Node and one file, which runs with as few rights as there are, and ends by itself. */
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { createProgress, toProgressOutput } from "../cluster/progress.ts";
import { nodeImageName } from "./build-images.ts";
import { buildImage, readImage, removeImage, type ImageFacts } from "./engine-images.ts";
import { startRestricted } from "./restricted-container.ts";

const progress = createProgress(toProgressOutput(process.stderr, process.env));

describe.skipIf(!inject("engine").ok)("the image of the command", () => {
  const image = `localhost/outrigger-cli:${randomUUID()}`;
  let facts: ImageFacts;

  beforeAll(async () => {
    const build = (): Promise<void> => buildImage(image, "cli/Dockerfile", { NODE_IMAGE: nodeImageName });
    await progress.step("cli/Dockerfile", build);
    facts = await readImage(image);
  });
  afterAll(() => removeImage(image));

  it("runs Node as a user that is not root, and says what it is", () => {
    expect(facts.User).toBe("65532:65532");
    expect(facts.Entrypoint).toEqual(["/usr/local/bin/node", "/app/main.mjs"]);
    expect(facts.Labels).toMatchObject({ "org.opencontainers.image.title": "outrigger-cli" });
  });

  it("runs the command on a read-only root without any capability, and knows its version", async () => {
    const container = await startRestricted({ image, args: ["--version"], until: "ended" });
    expect(container.output()).toContain(facts.Labels["org.opencontainers.image.version"]);
  });
});
