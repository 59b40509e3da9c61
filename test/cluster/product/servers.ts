/** An image with real MCP servers from the registry, each bundled to one file, and the objects that run them on a cluster. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { build } from "esbuild";
import type { Image } from "../image/image.ts";
import { makeNodeImage } from "../image/node-image.ts";

/** The servers by the name of their file in `/app`. */
const servers = {
  everything: "@modelcontextprotocol/server-everything/dist/index.js",
  memory: "@modelcontextprotocol/server-memory/dist/index.js",
  filesystem: "@modelcontextprotocol/server-filesystem/dist/index.js",
  "exits-at-once": "./app/exits-at-once.ts",
  notes: "./app/notes.ts",
  orders: "./app/orders.ts",
} as const;

const bindHost = join(import.meta.dirname, "app/bind-host.ts");

/** Makes the image; its name holds a hash of what is in it. */
export async function makeServersImage(folder: string): Promise<Image> {
  const { resolve } = createRequire(import.meta.url);
  const files = Object.entries(servers).map(([name, entry]) => ({ from: join(folder, `${name}.mjs`), name, entry }));
  const hash = createHash("sha256").update(await readFile(bindHost));
  for (const { from, entry } of files) {
    await build({
      entryPoints: [resolve(entry)],
      outfile: from,
      bundle: true,
      platform: "node",
      format: "esm",
      target: "node22",
      logLevel: "error",
      banner: { js: 'import { createRequire as r } from "node:module"; const require = r(import.meta.url);' },
    });
    hash.update(await readFile(from));
  }
  return makeNodeImage({
    name: `localhost/outrigger-test-servers:${hash.digest("hex").slice(0, 12)}`,
    file: join(folder, "servers.tar"),
    app: [
      ...files.map(({ from, name }) => ({ kind: "copy", path: `/app/${name}.mjs`, from }) as const),
      { kind: "copy", path: "/app/bind-host.ts", from: bindHost },
    ],
    cmd: ["node", "/app/everything.mjs", "streamableHttp"],
    workdir: "/app",
  });
}
