/** Makes every image that the examples name, under that name, from the package that the real image is made from. */
import { mkdir } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { Image } from "../image/image.ts";
import type { LayerEntry } from "../image/layer.ts";
import { bundleProgram } from "../../bundle/bundle.ts";
import { repositoryRoot } from "../../demo/stage/root.ts";
import { makeNodeImage } from "../image/node-image.ts";
import { makeServersImage } from "../product/servers.ts";
import { makeGithubImage } from "./github.ts";
import { makeFetchImage, makeSqliteImage } from "./python.ts";
import { makeRemoteImage } from "./remote.ts";

/** What the reference server reads beside its program. */
const everythingPath = createRequire(import.meta.url).resolve("@modelcontextprotocol/server-everything/dist/index.js");
const everythingFiles: readonly LayerEntry[] = [
  { kind: "tree", path: "/app/docs", from: join(dirname(everythingPath), "docs") },
];

type Recipe = (name: string, file: string) => Promise<Image>;

/** What is made. `authorityPem` vouches for the server elsewhere that the example "remote" is tried with. */
export interface ExampleImages {
  /** As manifests write them. */
  readonly names: readonly string[];
  readonly folder: string;
  readonly authorityPem: string;
}

/** Makes the images. Shape: in the order of `names`. */
export async function makeExampleImages({ names, folder, authorityPem }: ExampleImages): Promise<readonly Image[]> {
  const bundles = join(folder, "bundles");
  await mkdir(bundles, { recursive: true });
  const bundled = makeServersImage(bundles);
  const fromBundle =
    (server: string, ...files: readonly LayerEntry[]): Recipe =>
    async (name, file) => {
      await bundled;
      const path = "/app/dist/index.js";
      const app = [{ kind: "copy", path, from: join(bundles, `${server}.mjs`) }, ...files] as const;
      return makeNodeImage({ name, file, app, workdir: "/app", entrypoint: ["node", path] });
    };
  const recipes: ReadonlyMap<string, Recipe> = new Map([
    ["mcp/everything", fromBundle("everything", ...everythingFiles)],
    ["mcp/filesystem", fromBundle("filesystem")],
    ["mcp/memory", fromBundle("memory")],
    ["mcp/fetch", makeFetchImage],
    ["mcp/sqlite", makeSqliteImage],
    ["ghcr.io/github/github-mcp-server", makeGithubImage],
    ["registry.example.com/outrigger/outrigger-sidecar", (name, file) => makeSidecarImage(name, { file, bundles })],
    ["registry.example.com/mcp-remote", (name, file) => makeRemoteImage(name, file, authorityPem)],
  ]);
  const made = names.map((name, index) => {
    const recipe = recipes.get(name.replace(/:[^/]*$/, ""));
    if (recipe === undefined)
      throw new Error(`no recipe makes the image "${name}": add one to ${import.meta.filename}`);
    return recipe(toFullName(name), join(folder, `${index}.tar`));
  });
  return Promise.all(made);
}

/** Our own sidecar where somebody runs it by hand, as its Dockerfile starts it. */
async function makeSidecarImage(name: string, at: { readonly file: string; readonly bundles: string }): Promise<Image> {
  const from = await bundleProgram("sidecar", repositoryRoot, at.bundles);
  const path = "/app/main.cjs";
  const entrypoint = ["/usr/local/bin/node", path];
  return makeNodeImage({ name, file: at.file, app: [{ kind: "copy", path, from }], workdir: "/app", entrypoint });
}

/** The name as a node keeps it: Docker Hub's host and the tag are added where a manifest leaves them out. */
function toFullName(name: string): string {
  const hosted = /^[^/]*[.:][^/]*\/|^localhost\//.test(name) ? name : `docker.io/${name}`;
  return /:[^/]+$/.test(hosted) ? hosted : `${hosted}:latest`;
}
