/** The files of this machine that compile C to a static program: gcc as it names its own parts, make, and Debian's musl. */
import { readdir, realpath } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { LayerEntry } from "../cluster/image/layer.ts";
import { run } from "../cluster/run.ts";

/** Of gcc's own folder: what links a static program. Its other compilers and run-time checks would be most of the image. */
const neededOfGcc = /^(?:crt\w+\.o|libgcc(?:_eh)?\.a|liblto_plugin\.so)$/;

/** Lists them for a layer, shared libraries included. Rejects where gcc, make or musl-gcc is missing. */
export async function findCompilerFiles(): Promise<readonly LayerEntry[]> {
  const machine = (await run(["gcc", "-dumpmachine"])).trim();
  const own = dirname((await run(["gcc", "-print-libgcc-file-name"])).trim());
  const musl = machine.replace(/gnu$/, "musl");
  const programs = await Promise.all(["gcc", "make", `${machine}-gcc`, "as", "ld"].map(findProgram));
  const parts = ["cc1", "collect2"].map((name) => join(own, name));
  const files = [
    await findProgram("musl-gcc"),
    ...(await listFiles(own)).filter((file) => dirname(file) === own && neededOfGcc.test(file.slice(own.length + 1))),
    ...(await listFiles(join(own, "include"))),
    ...(await listFiles(`/usr/lib/${musl}`)),
    ...(await listFiles(`/usr/include/${musl}`)),
  ];
  const libraries = await Promise.all([...programs, ...parts].map(findLibraries));
  const paths = new Set([...programs, ...parts, ...files, ...libraries.flat()]);
  return [...paths].map((path) => ({ kind: "copy", path, from: path }));
}

async function findProgram(name: string): Promise<string> {
  const path = (await run(["sh", "-c", 'command -v "$1"', "sh", name]).catch(() => "")).trim();
  if (path === "")
    throw new Error(`the image with a compiler needs ${name}; Debian's packages are gcc, make and musl-tools`);
  return path;
}

async function listFiles(folder: string): Promise<readonly string[]> {
  const found = await readdir(await realpath(folder), { recursive: true, withFileTypes: true });
  return found.filter((each) => !each.isDirectory()).map((each) => join(each.parentPath, each.name));
}

async function findLibraries(program: string): Promise<readonly string[]> {
  const text = await run(["ldd", program]);
  return [...text.matchAll(/(?:=> |^\s*)(\/\S+) \(0x/gm)].flatMap(([, path]) => path ?? []);
}
