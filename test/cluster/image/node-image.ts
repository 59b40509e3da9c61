/** Makes an image that runs files on Node: base, Node and files are layers of their own, so that all images share the first two. */
import { makeImage, type Image, type ImageConfig } from "./image.ts";
import type { LayerEntry } from "./layer.ts";
import { baseLayer, createNodeLayer, createShellLayer, nonRoot } from "./runtime-layers.ts";

/** A Node image to be made. Its user is not root unless `user` says so. */
export interface NodeImageOptions extends ImageConfig {
  readonly name: string;
  /** Path of the archive. */
  readonly file: string;
  /** The application's files. */
  readonly app: readonly LayerEntry[];
  /** Adds a shell; never for an image of the product. */
  readonly withShell?: true;
}

/** Makes the image; the application's own layer is the last one. */
export async function makeNodeImage({ app, withShell, ...options }: NodeImageOptions): Promise<Image> {
  const shell = withShell === true ? [await createShellLayer()] : [];
  const layers = [baseLayer, await createNodeLayer(), ...shell, { name: "app", entries: app }];
  return makeImage({ user: nonRoot, ...options, layers });
}

/** One line per layer with its size, such as `node  124.3 MB`. */
export function formatSizes(image: Image): string {
  const toLine = (name: string, sizeBytes: number): string => {
    return `${name.padEnd(8)} ${(sizeBytes / 1_000_000).toFixed(2).padStart(8)} MB`;
  };
  const total = image.layers.reduce((sum, layer) => sum + layer.sizeBytes, 0);
  const lines = image.layers.map((layer) => toLine(layer.name, layer.sizeBytes));
  return [image.name, ...lines, toLine("total", total)].join("\n");
}
