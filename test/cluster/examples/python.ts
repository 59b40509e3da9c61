/** Images of MCP servers from PyPI. Every package is a wheel that its lock file names with version and hash; none is built here. */
import { globSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { makeImage, type Image } from "../image/image.ts";
import {
  compilePython,
  copyLibrary,
  createPythonLayer,
  findPython,
  pythonPath,
  type Python,
} from "../image/python-layer.ts";
import type { LayerEntry } from "../image/layer.ts";
import { baseLayer, findLibraries, nonRoot } from "../image/runtime-layers.ts";
import { run } from "../run.ts";
import { keep } from "./keep.ts";

/** A server: its lock file beside this, the command that its package brings, and the module whose `main` that is. */
interface PythonServer {
  readonly lock: string;
  readonly command: string;
  readonly module: string;
}

const packagesPath = "/app";

/** Makes the image of mcp-server-fetch. */
export function makeFetchImage(name: string, file: string): Promise<Image> {
  return makePythonImage(name, file, { lock: "fetch.txt", command: "mcp-server-fetch", module: "mcp_server_fetch" });
}

/** Makes the image of mcp-server-sqlite. */
export function makeSqliteImage(name: string, file: string): Promise<Image> {
  return makePythonImage(name, file, { lock: "sqlite.txt", command: "mcp-server-sqlite", module: "mcp_server_sqlite" });
}

async function makePythonImage(name: string, file: string, { lock, command, module }: PythonServer): Promise<Image> {
  const python = await findPython();
  const library = await keep({ name: "python", sources: [python.build], make: (to) => copyLibrary(python, to) });
  const packages = await install(python, lock);
  const script = `#!${pythonPath}\nimport sys\n\nfrom ${module} import main\n\nsys.exit(main())\n`;
  const layers = [
    baseLayer,
    await createPythonLayer(python, library),
    {
      name: "app",
      entries: [
        { kind: "tree", path: packagesPath, from: packages },
        ...(await findForeignLibraries(packages)),
        { kind: "text", path: `/usr/local/bin/${command}`, text: script, mode: 0o755 },
      ],
    } as const,
  ];
  const env = { PYTHONPATH: packagesPath, PYTHONDONTWRITEBYTECODE: "1" };
  return makeImage({ name, file, layers, env, user: nonRoot, entrypoint: [command], workdir: packagesPath });
}

/** Wheels bring most libraries of their own; they rely on those that every Linux for people has, and a small image has not. */
async function findForeignLibraries(packages: string): Promise<readonly LayerEntry[]> {
  const modules = globSync("**/*.so", { cwd: packages }).map((file) => join(packages, file));
  return (await findLibraries(...modules)).filter(({ path }) => !path.startsWith(packages));
}

async function install(python: Python, lock: string): Promise<string> {
  const path = join(import.meta.dirname, "python", lock);
  return keep({
    name: lock.replace(".txt", ""),
    sources: [python.build, await readFile(path, "utf8")],
    make: async (folder) => {
      const only = ["--no-deps", "--require-hashes", "--only-binary=:all:", "--no-compile"];
      await run(["python3", "-m", "pip", "install", "--quiet", ...only, "--target", folder, "--requirement", path]);
      await compilePython(folder, packagesPath);
    },
  });
}
