/** Bundles one program into one file with esbuild: sources in, no package needed beside it at run time. */
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { build, type BuildOptions, type Plugin } from "esbuild";

/** Programs that run on their own. */
export const programs = ["sidecar", "webhook", "operator", "aggregator", "cli"] as const;
export type Program = (typeof programs)[number];

/**
 * Writes the bundle of a program to `<folder>/<program>/main.js` and returns its path.
 * One large package is entered at the part that is used: the Kubernetes client at the reader of kubeconfig files.
 */
export async function bundleProgram(program: Program, root: string, folder = join(root, "dist")): Promise<string> {
  const outfile = join(folder, program, `main.${program === "cli" ? "mjs" : "cjs"}`);
  await bundleEntry(join(root, program, "src", "main.ts"), outfile, {
    ...(program === "cli" ? asModule : asScript),
    plugins: [onlyConfigOfKubernetesClient, ...(own[program] ?? [])],
  });
  return outfile;
}

/** Writes what an entry needs into one file, as a script where nothing else is said: for what is compared with a program, too. */
export async function bundleEntry(entry: string, outfile: string, options: BuildOptions = script): Promise<void> {
  await build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: "node",
    target: "node22",
    conditions: ["outrigger-source"],
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: "none",
    logLevel: "error",
    ...options,
  });
}

/**
 * CommonJS: a module that imports node:http has all of its exports read, and to read them loads a client, a browser's sockets and more
 * of Node than the program itself is large. docs/adr/0024 has the figures. `import()` becomes a require in its place.
 */
const asScript = { format: "cjs", supported: { "dynamic-import": false } } as const satisfies BuildOptions;

/** The command looks for the programs that it starts by where it stands itself, which only a module can ask. */
const asModule = {
  format: "esm",
  banner: {
    js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);',
  },
} as const satisfies BuildOptions;

/** The command reads its version from the package.json beside it; in one file that runs alone there is none. */
const versionInside: Plugin = {
  name: "version-inside",
  setup: (esbuild) => {
    esbuild.onLoad({ filter: /cli[\\/]src[\\/]version\.ts$/ }, async ({ path }) => {
      const manifest = await readFile(join(dirname(path), "../package.json"), "utf8");
      // Our own file, written by us.
      const { version } = JSON.parse(manifest) as { version: string };
      return { contents: `export const readVersion = () => ${JSON.stringify(version)};` };
    });
  },
};

/** The whole client is 15 MB of models. Its modules do nothing when they are loaded, which its package does not say. */
const onlyConfigOfKubernetesClient: Plugin = {
  name: "only-config-of-kubernetes-client",
  setup: (esbuild) => {
    const entry = createRequire(import.meta.url).resolve("@kubernetes/client-node");
    const dist = dirname(entry);
    esbuild.onResolve({ filter: /^@kubernetes\/client-node$/ }, () => ({
      path: join(dist, "config.js"),
      sideEffects: false,
    }));
    esbuild.onResolve({ filter: /^\./ }, ({ path, resolveDir }) =>
      resolveDir.startsWith(dist) && path.endsWith(".js")
        ? { path: join(resolveDir, path), sideEffects: false }
        : undefined,
    );
  },
};

/** How programs are bundled that are scripts. */
const script: BuildOptions = { ...asScript, plugins: [onlyConfigOfKubernetesClient] };

/** What the bundle of one program needs beyond what all need. */
const own: Readonly<Partial<Record<Program, readonly Plugin[]>>> = {
  cli: [versionInside],
};
