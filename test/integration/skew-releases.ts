/** For tests of versions side by side: the programs of the present sources and those of the oldest release that has to work with them. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll } from "vitest";
import type { Program } from "../bundle/bundle.ts";
import { oldestRelease, openRelease, type Release } from "../fixtures/releases/open-release.ts";
import { nameFileFolder } from "../fixtures/temporary-folder.ts";

/** Which of the two. */
export type Age = "old" | "present";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Unpacks the old release for the tests of a file; gives paths of programs once the first hook has run. */
export function useReleases(): (age: Age, program: Program) => string {
  const folder = nameFileFolder("release");
  let release: Release | undefined;
  beforeAll(async () => {
    release = await openRelease(oldestRelease, folder);
  });
  return (age, program) => {
    if (age === "present") return join(root, program, "src", "main.ts");
    if (release === undefined) throw new Error("the release is unpacked by a hook, which has not run yet");
    return release.programs[program];
  };
}
