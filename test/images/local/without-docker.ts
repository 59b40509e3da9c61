/** Makes the images of the product without Docker: by the maker that the cluster for tests uses, once it is sure to work here. */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { makeProductImages } from "../../cluster/product/images.ts";
import type { Progress } from "../../cluster/progress.ts";
import { findProgram } from "./find-program.ts";
import type { LocalImage } from "./report.ts";

/** Makes them all, each archive in `folder`. Rejects with what is missing on this machine. */
export async function makeWithoutDocker(folder: string, step: Progress["step"]): Promise<readonly LocalImage[]> {
  await checkMachine(process.platform);
  const made = await makeProductImages(folder, step);
  await rm(join(folder, "bundles"), { recursive: true });
  return made.map(({ component, repository, tag, image: { name, file, layers } }) => {
    return { component, repository, tag, name, file, sizeBytes: layers.reduce((sum, each) => sum + each.sizeBytes, 0) };
  });
}

/** Images get this machine's Node, its libraries and what its compiler makes. */
async function checkMachine(platform: NodeJS.Platform): Promise<void> {
  if (platform !== "linux") {
    throw new Error(`without Docker, images are made of this machine's own files, and it is no Linux: use --docker`);
  }
  await findProgram("tar", "GNU tar packs the layers");
  await findProgram("ldd", "it comes with the C library and names what Node needs");
  await findProgram(
    "make",
    "with gcc (better musl-gcc) it builds the shim; Debian's packages are make, gcc and musl-tools",
  );
  await findProgram("musl-gcc", "").catch(() => findProgram("gcc", "it builds the shim; Debian's package is gcc"));
}
