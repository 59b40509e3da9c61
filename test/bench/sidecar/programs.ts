/** Bundles what is measured, the baselines like the sidecar: a program that is compiled from TypeScript as it starts would look worse. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, type Plugin } from "esbuild";
import { bundleProgram } from "../../bundle/bundle.ts";

const repositoryRoot = fileURLToPath(new URL("../../..", import.meta.url));

/** Programs in the folder beside this one. */
const benchPrograms = [
  "bare",
  "bare-http",
  "micro",
  "sdk-v1-relay",
  "sdk-v2-relay",
  "stdio-server",
  "upstream",
] as const;

/** Paths of bundles by program. */
export type Programs = Readonly<Record<(typeof benchPrograms)[number] | "sidecar", string>>;

/** Writes all bundles into a folder. */
export async function bundleAll(folder: string): Promise<Programs> {
  const own = await Promise.all(benchPrograms.map(async (name) => [name, await bundleOne(name, folder)] as const));
  // Every name of the list stands in the entries.
  return { ...Object.fromEntries(own), sidecar: await bundleProgram("sidecar", repositoryRoot, folder) } as Programs;
}

async function bundleOne(name: string, folder: string): Promise<string> {
  const outfile = join(folder, `${name}.mjs`);
  await build({
    entryPoints: [fileURLToPath(new URL(`../programs/${name}.ts`, import.meta.url))],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node22",
    conditions: ["outrigger-source"],
    minifySyntax: true,
    logLevel: "error",
    banner: {
      js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);',
    },
    plugins: [onlyPoolOfUndici],
  });
  return outfile;
}

/** The sidecar's bundle takes of undici what it needs; so does its baseline, else the sidecar would look lighter than it is. */
const onlyPoolOfUndici: Plugin = {
  name: "only-pool-of-undici",
  setup: (esbuild) => {
    esbuild.onResolve({ filter: /^undici$/ }, () => ({ path: "undici-pool", namespace: "undici-pool" }));
    esbuild.onLoad({ filter: /.*/, namespace: "undici-pool" }, () => ({
      contents: 'export { default as Pool } from "undici/lib/dispatcher/pool.js";',
      resolveDir: import.meta.dirname,
    }));
  },
};
