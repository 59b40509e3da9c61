/** What a person is told about images that were made: names, sizes, and how the chart is installed with them. Pure. */
import { imageValues } from "../../cluster/product/install.ts";

/** An image on this machine. */
export interface LocalImage {
  /** Its block in the chart's values. */
  readonly component: string;
  readonly repository: string;
  readonly tag: string;
  /** `registry/repository:tag`. */
  readonly name: string;
  /** Its archive. */
  readonly file: string;
  /** Unpacked, with the layers that images share. */
  readonly sizeBytes: number;
}

/** The report. Nodes that got the images must not ask a registry for them: none has them. */
export function describeImages(images: readonly LocalImage[]): string {
  const width = Math.max(...images.map(({ name }) => name.length));
  const lines = images.map(({ name, sizeBytes, file }) => {
    return `${name.padEnd(width)}  ${(sizeBytes / 1_000_000).toFixed(1).padStart(6)} MB  ${file}`;
  });
  // Helm would read a tag of digits alone as a number.
  const values = [...imageValues(images), "images.pullPolicy=Never"].map((value) => `  --set-string ${value}`);
  const install = "helm install outrigger charts/outrigger --namespace outrigger-system --create-namespace --wait";
  return [...lines, "", [install, ...values].join(" \\\n")].join("\n");
}
