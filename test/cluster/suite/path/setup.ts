/** Makes the product's images and puts them onto the cluster, once for all files of the path. Runs after the cluster is up. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { chooseProvider } from "../../choose-provider.ts";
import { formatSizes } from "../../image/node-image.ts";
import { makeProductImages } from "../../product/images.ts";
import { imageValues } from "../../product/install.ts";
import { makeServersImage } from "../../product/servers.ts";
import { createProgress, toProgressOutput } from "../../progress.ts";

/** What the tests are told: values of the chart that name the images, and the image with the test servers. */
export interface ProvidedProduct {
  readonly imageValues: readonly string[];
  readonly serversImage: string;
}

declare module "vitest" {
  // The interface is vitest's own, made to be extended.
  interface ProvidedContext {
    readonly product: ProvidedProduct;
  }
}

/** Called by vitest after the cluster's own set-up. */
export default async function setUp(project: TestProject): Promise<void> {
  const choice = await chooseProvider(process.env);
  // The cluster's set-up has said why; the tests are skipped.
  if (!choice.ok) {
    project.provide("product", { imageValues: [], serversImage: "" });
    return;
  }
  const folder = await mkdtemp(join(tmpdir(), "outrigger-images-"));
  try {
    const images = await makeProductImages(folder);
    const servers = await makeServersImage(folder);
    await choice.provider.loadImages([...images.map(({ image }) => image.file), servers.file]);
    const progress = createProgress(toProgressOutput(process.stderr, process.env));
    for (const { image } of images) progress.note(formatSizes(image).replaceAll("\n", "\n  "));
    project.provide("product", { imageValues: imageValues(images), serversImage: servers.name });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
