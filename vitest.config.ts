/** Three tiers: unit beside the sources (no sockets to others' programs), integration with real programs on port 0, tools. */
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

// Not "import": a require() in a worker that takes an "import" entry breaks the Kubernetes client's ws.
const conditions = ["outrigger-source", "node", "default"];
const resolve = { conditions };
const ssr = { resolve: { conditions, externalConditions: ["outrigger-source"] } };

// Of the tools that these need (a C compiler, helm, pip) not everybody has one: `npm run test:tools`, which CI runs.
const ofTools = [
  "test/{shim,charts,bundle,modes,certs}/**/*.test.ts",
  "test/integration/webhook-stdio.test.ts",
  "test/integration/{sidecar-shared-store,older-python,client-programs,real-clients,ten-servers}.test.ts",
  "test/fuzz/**/*.test.ts",
  "sidecar/src/stdio/{through-shim,process/connected}.test.ts",
];
const exclude = ["**/node_modules/**", ...ofTools];

// Programs that tests start are compiled once, not on each start.
const env = { NODE_COMPILE_CACHE: fileURLToPath(new URL(".cache/compile", import.meta.url)) };

export default defineConfig({
  test: {
    // Most tests wait for processes: more of them than cores.
    maxWorkers: 4,
    projects: [
      {
        resolve,
        ssr,
        test: {
          name: "unit",
          env,
          exclude,
          include: ["{packages/*,certs,webhook,sidecar,aggregator,operator,cli}/src/**/*.test.ts", "docs/**/*.test.ts"],
          testTimeout: 60_000,
        },
      },
      {
        resolve,
        ssr,
        test: {
          name: "integration",
          env,
          exclude,
          include: [
            "test/{integration,chaos,conformance,demo,lint,bench,fixtures}/**/*.test.ts",
            "test/cluster/*.test.ts",
            "test/cluster/{image,providers}/**/*.test.ts",
          ],
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      { resolve, ssr, test: { name: "tools", env, include: ofTools, testTimeout: 120_000, hookTimeout: 120_000 } },
    ],
    coverage: {
      provider: "v8",
      include: ["{packages/*,certs,webhook,sidecar,aggregator,operator,cli}/src/**/*.ts"],
      exclude: ["**/*.test.ts", "**/main.ts"],
    },
  },
});
