/** For tests of versions side by side: the oldest release that has to work with the present one, ready to be installed from its own chart. */
import { inject } from "vitest";
import { oldestRelease, openRelease } from "../../../fixtures/releases/open-release.ts";
import { createProviders, findProvider } from "../../choose-provider.ts";
import { makeImagesOf } from "../../product/images.ts";
import { imageValues, installChart } from "../../product/install.ts";

/** The old release on the cluster. */
export interface OldRelease {
  readonly version: string;
  /** Installs it, or takes up its values anew. */
  readonly install: (kubeconfig: string, values?: readonly string[]) => Promise<string>;
}

/** Puts its images onto the cluster. `folder` keeps its chart. */
export async function prepareOldRelease(folder: string): Promise<OldRelease> {
  const cluster = inject("cluster");
  if (!cluster.ok) throw new Error("there is no cluster for it");
  const { version, programs, shim, chart } = await openRelease(oldestRelease, folder);
  const sources = {
    bundleOf: (program: keyof typeof programs) => Promise.resolve(programs[program]),
    shim: () => shim,
  };
  const images = await makeImagesOf(sources, folder);
  await findProvider(createProviders(process.env), cluster.provider).loadImages(images.map(({ image }) => image.file));
  // Its chart has no block for the check that runs in the cluster.
  const named = imageValues(images.filter(({ component }) => component !== "check"));
  return { version, install: (kubeconfig, values = []) => installChart(kubeconfig, [...named, ...values], chart) };
}
