/**
 * The images that builds start from, made from what is on this machine because no registry may be reachable: Node with npm and a
 * shell, and a C compiler with a shell. npm is told which registry and which authorities this machine's npm uses, and nothing else.
 */
import { existsSync } from "node:fs";
import { readdir, readFile, readlink, realpath } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Image } from "../cluster/image/image.ts";
import type { LayerEntry } from "../cluster/image/layer.ts";
import { makeImage } from "../cluster/image/image.ts";
import { makeNodeImage } from "../cluster/image/node-image.ts";
import { baseLayer, createShellLayer } from "../cluster/image/runtime-layers.ts";
import { run } from "../cluster/run.ts";
import { findCompilerFiles } from "./compiler-files.ts";

/** Name of the image with Node, npm and a shell. */
export const nodeImageName = "localhost/outrigger-build-node:1";

/** Name of the image with a C compiler, make and a shell. */
export const compilerImageName = "localhost/outrigger-build-compiler:1";

/** Beyond what the shell layer brings: what the Dockerfiles and the shim's Makefile call. */
const applets = ["mkdir", "chmod", "cp", "mv", "sed", "dirname"];

const shellTools: readonly LayerEntry[] = [
  ...applets.map((name): LayerEntry => ({ kind: "link", path: `/bin/${name}`, target: "busybox" })),
  { kind: "link", path: "/usr/bin/env", target: "/bin/busybox" },
  // The C library's own script needs bash; the loader does the work in both.
  { kind: "text", path: "/bin/ldd", text: '#!/bin/sh\nLD_TRACE_LOADED_OBJECTS=1 exec "$1"\n', mode: 0o755 },
];

/** Makes NODE_IMAGE. */
export async function makeNodeBuildImage(folder: string): Promise<Image> {
  const npm = await findNpm();
  const target = "/usr/local/lib/node_modules/npm";
  return makeNodeImage({
    name: nodeImageName,
    file: join(folder, "node.tar"),
    withShell: true,
    user: "0:0",
    env: { HOME: "/root" },
    app: [
      ...shellTools,
      ...(await copyTree(npm, target)),
      { kind: "link", path: "/usr/local/bin/npm", target: "../lib/node_modules/npm/bin/npm-cli.js" },
      ...(await configureNpm(npm)),
    ],
  });
}

/** Makes BUILD_IMAGE of the shim. */
export async function makeCompilerImage(folder: string): Promise<Image> {
  const tools = { name: "tools", entries: [...shellTools, ...(await findCompilerFiles())] };
  const layers = [baseLayer, await createShellLayer(), tools];
  return makeImage({ name: compilerImageName, file: join(folder, "compiler.tar"), layers });
}

/** The folder of the npm that runs this, or else of the one in PATH. */
async function findNpm(): Promise<string> {
  const running = process.env["npm_execpath"];
  const isNpm = running?.endsWith("npm-cli.js") === true;
  const program = isNpm ? running : (await run(["sh", "-c", "command -v npm"])).trim();
  return dirname(dirname(await realpath(program)));
}

async function configureNpm(npm: string): Promise<readonly LayerEntry[]> {
  const ask = async (key: string): Promise<string> =>
    (await run([process.execPath, join(npm, "bin/npm-cli.js"), "config", "get", key])).trim();
  const [registry, asked] = [await ask("registry"), await ask("cafile")];
  const authorities = [asked, process.env["NODE_EXTRA_CA_CERTS"] ?? ""].find((file) => existsSync(file));
  const lines = [`registry=${registry}`, ...(authorities === undefined ? [] : ["cafile=/etc/build-ca.crt"])];
  const config: LayerEntry = { kind: "text", path: "/root/.npmrc", text: `${lines.join("\n")}\n` };
  if (authorities === undefined) return [config];
  return [config, { kind: "text", path: "/etc/build-ca.crt", text: await readFile(authorities, "utf8") }];
}

/** Every file below a folder, at the same place below `target`. */
async function copyTree(folder: string, target: string): Promise<readonly LayerEntry[]> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true });
  const entries = found.map(async (each): Promise<readonly LayerEntry[]> => {
    const from = join(each.parentPath, each.name);
    const path = join(target, from.slice(folder.length));
    if (each.isSymbolicLink()) return [{ kind: "link", path, target: await readlink(from) }];
    return each.isFile() ? [{ kind: "copy", path, from }] : [];
  });
  return (await Promise.all(entries)).flat();
}
