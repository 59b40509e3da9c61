/** What the Dockerfiles of the programs promise: Node and one file with what was compiled of it, which runs with as few rights as there are and ends when told to. */
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { connectLegacy, textOf } from "../fixtures/mcp-clients.ts";
import { waitFor } from "../fixtures/wait-for.ts";
import { createProgress, toProgressOutput } from "../cluster/progress.ts";
import { nodeImageName } from "./build-images.ts";
import { buildImage, readImage, removeImage, type ImageFacts } from "./engine-images.ts";
import { startingOf, type ProgramName } from "./program-starts.ts";
import { startRestricted, type RestrictedContainer } from "./restricted-container.ts";

const engine = inject("engine");
const programs: readonly ProgramName[] = ["sidecar", "aggregator", "webhook", "operator"];
const progress = createProgress(toProgressOutput(process.stderr, process.env));
const toMegabytes = (bytes: number): string => `${(bytes / 1_000_000).toFixed(2)} MB`;

/** Of the own layer; the bar. */
const maxSidecarBytes = 3_000_000;

/** What Node compiled, for itself and the user of the images. */
const compiled = /^\/app\/cache\/v24[^/]*-65532\/[0-9a-f]+$/;

/** Well below the 30 seconds that a pod is given by default. */
const endWithinMs = 10_000;

describe.skipIf(!engine.ok).each(programs)("the image of the %s", (program) => {
  const image = `localhost/outrigger-${program}:${randomUUID()}`;
  let facts: ImageFacts;

  const start = async (): Promise<RestrictedContainer> => {
    const { args, folders } = await startingOf(program);
    return startRestricted({ image, args, folders, until: /"msg":"listening"/ });
  };
  const ownBytes = (): number => facts.history.find(({ CreatedBy }) => /COPY.*\/app\//.test(CreatedBy))?.Size ?? 0;

  beforeAll(async () => {
    const build = (): Promise<void> => buildImage(image, `${program}/Dockerfile`, { NODE_IMAGE: nodeImageName });
    await progress.step(`${program}/Dockerfile`, build);
    facts = await readImage(image);
    progress.note(`${program}: ${toMegabytes(facts.sizeBytes)}, of which its own ${toMegabytes(ownBytes())}`);
  });
  afterAll(() => removeImage(image));

  it("runs Node as a user that is not root, and says what it is", () => {
    expect(facts.User).toBe("65532:65532");
    expect(facts.Entrypoint).toEqual(["/usr/local/bin/node", "/app/main.cjs"]);
    expect(facts.Labels).toMatchObject({
      "org.opencontainers.image.title": `outrigger-${program}`,
      "org.opencontainers.image.licenses": "Apache-2.0",
    });
  });

  it("holds one file beside Node and its libraries, and what Node compiled of it: no shell, no package manager", async () => {
    const files = await (await start()).listFiles();
    const own = files.filter((file) => file.startsWith("/app/")).toSorted();
    expect(own).toEqual([expect.stringMatching(compiled), "/app/main.cjs"]);
    expect(files.filter((file) => /\/s?bin\//.test(file))).toEqual(["/usr/local/bin/node"]);
    expect(files.filter((file) => /node_modules|\/\.npm|busybox/.test(file))).toEqual([]);
  });

  it("starts on a read-only root without any capability, is healthy, and ends with 0 on SIGTERM", async () => {
    const container = await start();
    const admin = `http://127.0.0.1:${String((await container.listening())["adminPort"])}`;
    expect((await fetch(`${admin}/healthz`)).status).toBe(200);
    await waitFor("it is ready", async () => (await fetch(`${admin}/readyz`)).status === 200);
    const end = await container.stop(endWithinMs);
    expect(end, container.output()).toMatchObject({ exitCode: 0 });
    expect(end.tookMs).toBeLessThan(endWithinMs);
  });

  if (program === "sidecar") {
    it("adds at most 3 MB of its own to Node", () => {
      expect(ownBytes()).toBeGreaterThan(0);
      expect(ownBytes()).toBeLessThanOrEqual(maxSidecarBytes);
    });
  }

  if (program === "sidecar") {
    it("passes a client's call on to the server", async () => {
      const container = await start();
      const client = await connectLegacy(`http://127.0.0.1:${String((await container.listening())["dataPort"])}/mcp`);
      expect(textOf(await client.callTool({ name: "test_simple_text", arguments: {} }))).toContain("simple text");
      await client.close();
    });
  }

  if (program === "operator") {
    it("stays unready without a cluster, and says what is missing", async () => {
      const container = await startRestricted({ image, args: ["--admin", "127.0.0.1:0"], until: /"msg":"listening"/ });
      const { adminPort } = await container.listening();
      expect((await fetch(`http://127.0.0.1:${String(adminPort)}/readyz`)).status).toBe(503);
      await waitFor("it says what is missing", () => container.output().includes("serviceaccount"));
    });
  }
});
