/**
 * Programs of others that tests need and that come from the Go module proxy: built once with the Go that is here, at one version, and
 * kept in the cache of the test cluster. Go checks each module against the public checksum database.
 */
import { access, constants, mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { run } from "../cluster/run.ts";

const modules = {
  crane: "github.com/google/go-containerregistry/cmd/crane@v0.20.6",
  kind: "sigs.k8s.io/kind@v0.30.0",
} as const;

/** `crane` has a registry inside. */
export type GoProgram = keyof typeof modules;

const cacheFolder = process.env["OUTRIGGER_CACHE"] ?? join(homedir(), ".cache", "outrigger-cluster");

/** Gives the program's path. Rejects where it has to be built and can't be. Cost: minutes, once. */
export async function findGoProgram(name: GoProgram): Promise<string> {
  const module = modules[name];
  const version = module.slice(module.lastIndexOf("@") + 1);
  const folder = join(cacheFolder, "bin", `${name}-${version}-${process.platform}-${process.arch}`);
  const path = join(folder, name);
  const isThere = await access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
  if (!isThere) await build(module, { name, folder });
  return path;
}

async function build(module: string, { name, folder }: { name: string; folder: string }): Promise<void> {
  await run(["go", "version"]).catch((error: unknown) => {
    const text = `${name} is built from the Go module ${module}, and no go is on the PATH: install Go 1.25 or newer`;
    throw new Error(text, { cause: error });
  });
  await mkdir(folder, { recursive: true });
  const work = await mkdtemp(join(folder, "build-"));
  try {
    await run(["go", "install", "-trimpath", "-ldflags=-s -w", module], { env: { GOBIN: work, CGO_ENABLED: "0" } });
    // Another run may do the same at this moment: a rename gives each of them a whole file.
    await rename(join(work, name), join(folder, name));
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}
