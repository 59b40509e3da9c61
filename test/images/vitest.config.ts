/** `npm run test:images`: the Dockerfiles, built and run on a Docker engine. Files run one after another and share what was built. */
import { defineConfig } from "vitest/config";

// Not "import": vitest hands conditions to its workers, and there a require() that takes an "import" entry breaks the Kubernetes client's ws.
const conditions = ["outrigger-source", "node"];

export default defineConfig({
  root: new URL("../..", import.meta.url).pathname,
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: ["outrigger-source"] } },
  test: {
    name: "images",
    include: ["test/images/**/*.test.ts"],
    globalSetup: ["test/images/setup.ts"],
    setupFiles: ["test/images/use-engine.ts"],
    // The reaper is an image of a registry; every test ends its own containers.
    env: { TESTCONTAINERS_RYUK_DISABLED: "true" },
    fileParallelism: false,
    testTimeout: 60_000,
    // The first build installs every package.
    hookTimeout: 900_000,
  },
});
