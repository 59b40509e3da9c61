/**
 * The layer of Python under an application: this machine's interpreter with its standard library and the shared libraries of both.
 * Compiled beforehand, since an image that nobody may write to would be compiled anew by every process.
 */
import { cp, readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { run } from "../run.ts";
import type { Layer } from "./layer.ts";
import { findLibraries } from "./runtime-layers.ts";

/** The interpreter that `python3` on the PATH is. */
export interface Python {
  /** Its program, links resolved. */
  readonly program: string;
  /** Major and minor, such as `3.11`. */
  readonly version: string;
  /** Folder of its standard library. */
  readonly library: string;
  /** What tells one build of it from another. */
  readonly build: string;
}

/** Where the interpreter is in an image. */
export const pythonPath = "/usr/local/bin/python3";

const askItself = `import json, os, sys, sysconfig
print(json.dumps({
  "program": os.path.realpath(sys.executable),
  "version": "%d.%d" % sys.version_info[:2],
  "library": sysconfig.get_path("stdlib"),
  "build": sys.version + sys.executable,
}))`;

/** Asks the interpreter about itself. Rejects where there is none. */
export async function findPython(): Promise<Python> {
  // The program above prints what the interface says.
  return JSON.parse(await run(["python3", "-c", askItself])) as Python;
}

/** Not for servers: packages of this machine, tests, windows and terminals, the linker's files; what is compiled is made anew. */
const leftOut =
  /^(?:site-packages|dist-packages|test|tests|idlelib|lib2to3|tkinter|turtledemo|ensurepip|__pycache__|config-.*|lib.*\.a|_(?:tkinter|curses.*|gdbm|dbm)\..*\.so|readline\..*\.so|(?:_test|_xx|xx).*\.so)$/;

/** Copies the standard library into a folder and compiles it. Cost: some seconds of all cores. */
export async function copyLibrary({ library, version }: Python, folder: string): Promise<void> {
  const isKept = (source: string): boolean => source === library || !leftOut.test(basename(source));
  await cp(library, folder, { recursive: true, verbatimSymlinks: true, filter: isKept });
  await compilePython(folder, `/usr/local/lib/python${version}`);
}

/** Compiles all modules in a folder, which will be at `path` in an image. The result depends on no time and no place. */
export async function compilePython(folder: string, path: string): Promise<void> {
  const places = ["-s", folder, "-p", path];
  await run([
    "python3",
    "-m",
    "compileall",
    "-q",
    "-j",
    "0",
    "--invalidation-mode",
    "unchecked-hash",
    ...places,
    folder,
  ]);
}

/** Makes the layer of an interpreter and the folder that its library was copied to. */
export async function createPythonLayer({ program, version }: Python, library: string): Promise<Layer> {
  const extensions = join(library, "lib-dynload");
  const modules = (await readdir(extensions)).map((name) => join(extensions, name));
  return {
    name: "python",
    entries: [
      { kind: "copy", path: pythonPath, from: program, mode: 0o755 },
      { kind: "link", path: "/usr/local/bin/python", target: "python3" },
      { kind: "tree", path: `/usr/local/lib/python${version}`, from: library },
      ...(await findLibraries(program, ...modules)),
    ],
  };
}
