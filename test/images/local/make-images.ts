/** The order of `npm run images`: look whether it can work, make the images, load them, tell. */
import { basename } from "node:path";
import type { Progress } from "../../cluster/progress.ts";
import { run } from "../../cluster/run.ts";
import { hasEngine, makeWithDocker } from "./docker.ts";
import { findProgram } from "./find-program.ts";
import { loadCommand, loaderOf } from "./load.ts";
import type { ImagesOptions, LoadTarget } from "./options.ts";
import { describeImages } from "./report.ts";
import { makeWithoutDocker } from "./without-docker.ts";

/** Makes the images as asked and gives the report. Rejects with what is missing or what a program said. */
export async function makeImages(options: ImagesOptions, root: string, progress: Progress): Promise<string> {
  const { load, folder } = options;
  // Before minutes of building, not after.
  if (load !== undefined) await findProgram(loaderOf(load).program, loaderOf(load).advice);
  const isDocker = await decideMaker(options);
  progress.note(`images are made ${isDocker ? "by their Dockerfiles, on the Docker engine" : "without Docker"}`);
  const { step } = progress;
  const images = isDocker
    ? await makeWithDocker({ root, folder, buildFlags: options.buildFlags, step })
    : await makeWithoutDocker(folder, step);
  if (load !== undefined) {
    const files = images.map(({ file }) => file);
    await loadArchives(files, load, step);
  }
  return describeImages(images);
}

async function decideMaker({ maker, buildFlags }: ImagesOptions): Promise<boolean> {
  if (maker === "without") return false;
  const answers = await hasEngine();
  if (answers || (maker === "whatever answers" && buildFlags.length === 0)) return answers;
  await findProgram("docker", "https://docs.docker.com/engine/install tells how to install it; or use --no-docker");
  throw new Error("no Docker engine answers: start it, name it in DOCKER_HOST, or use --no-docker");
}

/** Loads archives one after another. Rejects with what the program said. */
export async function loadArchives(
  files: readonly string[],
  target: LoadTarget,
  step: Progress["step"],
): Promise<void> {
  for (const file of files)
    await step(`${basename(file, ".tar")} to ${target.kind}`, () => run(loadCommand(target, file)));
}
