/**
 * The product's images as a cluster for tests gets them: the same bundles as the Dockerfiles use, put into archives without Docker.
 * Tags carry a hash of the content, so that a node never runs what an earlier run has loaded under the same name.
 */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { bundleProgram, programs } from "../../bundle/bundle.ts";
import { buildShim } from "../../shim/build.ts";
import { makeImage, type Image } from "../image/image.ts";
import { makeNodeImage } from "../image/node-image.ts";
import { nonRoot } from "../image/runtime-layers.ts";

/** What the chart is told about an image: `localhost/<repository>:<tag>`. */
export interface ProductImage {
  readonly component: string;
  readonly repository: string;
  readonly tag: string;
  readonly image: Image;
}

/** Registry of images that no registry serves: containerd then looks on the node alone. */
export const registry = "localhost";

const root = join(import.meta.dirname, "../../..");

/** Makes the images of all programs and of the shim in a folder. */
export async function makeProductImages(folder: string): Promise<readonly ProductImage[]> {
  const images: ProductImage[] = [];
  for (const component of programs) {
    const from = await bundleProgram(component, root, join(folder, "bundles"));
    images.push(
      await makeTagged(component, from, (name, file) =>
        makeNodeImage({
          name,
          file: join(folder, file),
          app: [{ kind: "copy", path: "/app/main.js", from }],
          entrypoint: ["/usr/local/bin/node", "/app/main.js"],
          workdir: "/app",
        }),
      ),
    );
  }
  const from = buildShim();
  images.push(
    await makeTagged("shim", from, (name, file) =>
      makeImage({
        name,
        file: join(folder, file),
        layers: [{ name: "shim", entries: [{ kind: "copy", path: "/shim", from, mode: 0o755 }] }],
        entrypoint: ["/shim"],
        user: nonRoot,
      }),
    ),
  );
  return images;
}

async function makeTagged(
  component: string,
  content: string,
  make: (name: string, file: string) => Promise<Image>,
): Promise<ProductImage> {
  const tag = createHash("sha256")
    .update(await readFile(content))
    .digest("hex")
    .slice(0, 12);
  const repository = `outrigger-${component}`;
  const image = await make(`${registry}/${repository}:${tag}`, `${component}.tar`);
  return { component, repository, tag, image };
}
