/** Bundles one program into one file with esbuild: sources in, no package needed beside it at run time. */
import { join } from "node:path";
import { build } from "esbuild";

/** Programs that run on their own. */
export const programs = ["sidecar", "aggregator", "webhook"] as const;
export type Program = (typeof programs)[number];

/**
 * Writes the bundle of a program and returns its path.
 * undici is entered at its client: the whole package would bring fetch and web streams along.
 */
export async function bundleProgram(program: Program, root: string): Promise<string> {
  const outfile = join(root, "dist", "bundle", `${program}.mjs`);
  await build({
    entryPoints: [join(root, program, "src", "main.ts")],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node22",
    conditions: ["outrigger-source"],
    minifySyntax: true,
    legalComments: "none",
    logLevel: "error",
    banner: {
      js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);',
    },
    plugins: program === "sidecar" ? [onlyClientOfUndici] : [],
  });
  return outfile;
}

const onlyClientOfUndici = {
  name: "only-client-of-undici",
  setup: (esbuild: Parameters<NonNullable<Parameters<typeof build>[0]["plugins"]>[number]["setup"]>[0]): void => {
    esbuild.onResolve({ filter: /^undici$/ }, () => ({ path: "undici-client", namespace: "undici-client" }));
    esbuild.onLoad({ filter: /.*/, namespace: "undici-client" }, () => ({
      contents: 'export { default as Client } from "undici/lib/dispatcher/client.js";',
      resolveDir: import.meta.dirname,
    }));
  },
};
