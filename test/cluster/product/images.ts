/**
 * The product's images as a cluster for tests gets them: the same bundles as the Dockerfiles use, put into archives without Docker.
 * Tags carry a hash of the content, so that a node never runs what an earlier run has loaded under the same name.
 */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { bundleProgram, programs, type Program } from "../../bundle/bundle.ts";
import { cacheFolderName, fillCompileCache } from "../../bundle/compile-cache.ts";
import { buildShim } from "../../shim/build.ts";
import { makeImage, type Image } from "../image/image.ts";
import type { LayerEntry } from "../image/layer.ts";
import { makeNodeImage } from "../image/node-image.ts";
import { findNode, nonRoot } from "../image/runtime-layers.ts";
import type { Progress } from "../progress.ts";

/** What the chart is told about an image: `localhost/<repository>:<tag>`. `component` names its block of values. */
export interface ProductImage {
  readonly component: string;
  readonly repository: string;
  readonly tag: string;
  readonly image: Image;
}

/** Registry of images that no registry serves: containerd then looks on the node alone. */
export const registry = "localhost";

const root = join(import.meta.dirname, "../../..");

/** Where an image of the product has it, as its Dockerfile says. */
const cachePath = `/app/${cacheFolderName}`;

/** Tells nothing. */
const quietly: Progress["step"] = (_name, work) => work();

/** Where the files come from that images are made of: paths of bundles and of the shim. */
export interface ImageSources {
  readonly bundleOf: (program: Program) => Promise<string>;
  readonly shim: () => string;
}

/** Makes the images of all programs and of the shim in a folder; each one is a `step`. */
export function makeProductImages(folder: string, step = quietly): Promise<readonly ProductImage[]> {
  const bundleOf = async (program: Program): Promise<string> => {
    const file = await bundleProgram(program, root, join(folder, "bundles"));
    await fillCompileCache(program, file, findNode());
    return file;
  };
  return makeImagesOf({ bundleOf, shim: buildShim }, folder, step);
}

/** The same of other files than those of the present sources. */
export async function makeImagesOf(
  { bundleOf, shim }: ImageSources,
  folder: string,
  step = quietly,
): Promise<readonly ProductImage[]> {
  const images: ProductImage[] = [];
  for (const program of programs)
    images.push(await step(program, async () => makeProgramImage(program, await bundleOf(program), folder)));
  images.push(await step("shim", () => makeShimImage(shim(), folder)));
  return images;
}

/** The block of the chart's values that an image stands in: the command's is that of the check which runs in it. */
export function blockOf(program: string): string {
  return program === "cli" ? "check" : program;
}

/** Beside the bundle lies what Node compiled of it; earlier releases had nothing. */
async function makeProgramImage(program: Program, from: string, folder: string): Promise<ProductImage> {
  const main = `/app/${basename(from)}`;
  const cache = join(dirname(from), cacheFolderName);
  const cached: LayerEntry[] = existsSync(cache) ? [{ kind: "tree", path: cachePath, from: cache }] : [];
  return makeTagged(program, from, (name, file) =>
    makeNodeImage({
      name,
      file: join(folder, file),
      app: [{ kind: "copy", path: main, from }, ...cached],
      entrypoint: ["/usr/local/bin/node", main],
      workdir: "/app",
      ...(cached.length === 0 ? {} : { env: { NODE_COMPILE_CACHE: cachePath, NODE_COMPILE_CACHE_PORTABLE: "1" } }),
    }),
  );
}

async function makeShimImage(from: string, folder: string): Promise<ProductImage> {
  return makeTagged("shim", from, (name, file) =>
    makeImage({
      name,
      file: join(folder, file),
      layers: [{ name: "shim", entries: [{ kind: "copy", path: "/shim", from, mode: 0o755 }] }],
      entrypoint: ["/shim"],
      user: nonRoot,
    }),
  );
}

async function makeTagged(
  program: string,
  content: string,
  make: (name: string, file: string) => Promise<Image>,
): Promise<ProductImage> {
  const tag = createHash("sha256")
    .update(await readFile(content))
    .digest("hex")
    .slice(0, 12);
  const repository = `outrigger-${program}`;
  const image = await make(`${registry}/${repository}:${tag}`, `${program}.tar`);
  return { component: blockOf(program), repository, tag, image };
}
