/** Two tiers: unit beside the sources (no sockets to others' programs), integration with real programs on port 0. */
import { defineConfig } from "vitest/config";

// Not "import": a require() in a worker that takes an "import" entry breaks the Kubernetes client's ws.
const conditions = ["outrigger-source", "node", "default"];
const resolve = { conditions };
const ssr = { resolve: { conditions, externalConditions: ["outrigger-source"] } };

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
          include: ["{packages/*,certs,webhook,sidecar,aggregator,operator,cli}/src/**/*.test.ts", "docs/**/*.test.ts"],
          testTimeout: 20_000,
        },
      },
      {
        resolve,
        ssr,
        test: {
          name: "integration",
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
