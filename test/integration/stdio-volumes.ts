/** The volumes of a stdio server's pod as folders of this machine, and its installer run to the end. */
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { shimPaths } from "@outrigger/api/shim";
import { makeTestFolder } from "../fixtures/temporary-folder.ts";
import { buildShim } from "../shim/build.ts";
import type { InjectedPod } from "./webhook-pod.ts";

/** Gives the real place of a path in a container. */
export function mountVolumes(): (path: string) => string {
  const folder = makeTestFolder("stdio-pod");
  const volumes = [shimPaths.shimFolder, shimPaths.runFolder];
  for (const volume of volumes) {
    mkdirSync(join(folder, volume));
    // As an emptyDir: every user may write.
    chmodSync(join(folder, volume), 0o777);
  }
  return (path) => (volumes.some((volume) => path.startsWith(volume)) ? join(folder, path) : path);
}

/** Runs the installer, and gives the command that the app's container runs then. */
export function installShim(pod: InjectedPod, mounts: (path: string) => string): readonly string[] {
  const [, ...args] = pod.spec.initContainers[1]?.command ?? [];
  expect(spawnSync(buildShim(), args.map(mounts), { encoding: "utf8" })).toMatchObject({ status: 0, stderr: "" });
  const [app] = pod.spec.containers;
  return [...(app?.command ?? []), ...(app?.args ?? [])].map(mounts);
}
