/** Makes the images of the product by their Dockerfiles, on the engine that the docker program talks to. */
import { globSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { blockOf, registry } from "../../cluster/product/images.ts";
import type { Progress } from "../../cluster/progress.ts";
import { run } from "../../cluster/run.ts";
import type { LocalImage } from "./report.ts";

/** What is built, and who is told. */
export interface DockerOptions {
  /** Where the repository begins: the context of every build. */
  readonly root: string;
  /** Gets one archive for each image. */
  readonly folder: string;
  readonly buildFlags: readonly string[];
  readonly step: Progress["step"];
}

/** Whether an engine answers. */
export function hasEngine(): Promise<boolean> {
  return run(["docker", "version", "--format", "{{.Server.Version}}"]).then(
    () => true,
    () => false,
  );
}

/** Makes them all. Rejects with the end of what docker says. */
export async function makeWithDocker(options: DockerOptions): Promise<readonly LocalImage[]> {
  await mkdir(options.folder, { recursive: true });
  const images: LocalImage[] = [];
  for (const program of listPrograms(options.root))
    images.push(await options.step(program, () => makeOne(program, options)));
  return images;
}

/** What has a Dockerfile. */
function listPrograms(root: string): readonly string[] {
  return globSync("*/Dockerfile", { cwd: root }).map(dirname).toSorted();
}

/** The tag is of the image's own digest, so that a node never runs what an earlier run has loaded under the same name. */
async function makeOne(program: string, { root, folder, buildFlags }: DockerOptions): Promise<LocalImage> {
  const id = await build(["--file", `${program}/Dockerfile`, ...buildFlags, "."], root);
  const tag = id.replace("sha256:", "").slice(0, 12);
  const repository = `outrigger-${program}`;
  const name = `${registry}/${repository}:${tag}`;
  const file = join(folder, `${program}.tar`);
  await run(["docker", "tag", id, name]);
  await run(["docker", "save", "--output", file, name]);
  const sizeBytes = Number(await run(["docker", "image", "inspect", "--format", "{{.Size}}", name]));
  return { component: blockOf(program), repository, tag, name, file, sizeBytes };
}

/** Builds and gives the image's id, which no output of a builder tells in the same way. */
async function build(args: readonly string[], cwd: string): Promise<string> {
  const work = await mkdtemp(join(tmpdir(), "outrigger-image-id-"));
  try {
    const file = join(work, "id");
    await run(["docker", "build", "--iidfile", file, ...args], { cwd });
    return (await readFile(file, "utf8")).trim();
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}
