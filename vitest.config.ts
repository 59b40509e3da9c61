/** Two tiers: unit beside the sources (no sockets to others' programs), integration with real programs on port 0. */
import { spawnSync } from "node:child_process";
import { defineConfig } from "vitest/config";

// Not "import": a require() in a worker that takes an "import" entry breaks the Kubernetes client's ws.
const conditions = ["outrigger-source", "node", "default"];
const resolve = { conditions };
const ssr = { resolve: { conditions, externalConditions: ["outrigger-source"] } };

// The shim is C. Whoever has no compiler runs everything else; in CI nothing is left out.
const canBuildShim =
  process.env["CI"] === "true" ||
  (process.platform === "linux" && ["make", "gcc"].every((tool) => spawnSync(tool, ["--version"]).status === 0));
const ofShim = [
  "test/shim/**",
  "test/integration/webhook-stdio.test.ts",
  "sidecar/src/stdio/process/connected.test.ts",
];
if (!canBuildShim) process.stderr.write("no C compiler (make, gcc): tests of the shim are left out\n");
const exclude = ["**/node_modules/**", ...(canBuildShim ? [] : ofShim)];

export default defineConfig({
  test: {
    // Most tests wait for processes; the default leaves one core of two idle.
    maxWorkers: 2,
    projects: [
      {
        resolve,
        ssr,
        test: {
          name: "unit",
          exclude,
          include: ["{packages/*,certs,webhook,sidecar,aggregator,operator,cli}/src/**/*.test.ts", "docs/**/*.test.ts"],
          testTimeout: 20_000,
        },
      },
      {
        resolve,
        ssr,
        test: {
          name: "integration",
          exclude,
          include: [
            "test/{integration,conformance,demo,lint,bench,fixtures,shim,charts,bundle}/**/*.test.ts",
            "test/cluster/*.test.ts",
            "test/cluster/{image,providers}/**/*.test.ts",
          ],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
    coverage: {
      provider: "v8",
      include: ["{packages/*,certs,webhook,sidecar,aggregator,operator,cli}/src/**/*.ts"],
      exclude: ["**/*.test.ts", "**/main.ts"],
    },
  },
});
