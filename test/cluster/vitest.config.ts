/** `npm run test:cluster`: what needs a real cluster. The cluster comes up before the first test; files run one after another. */
import { defineConfig } from "vitest/config";

// Not "import": vitest hands conditions to its workers, and there a require() that takes an "import" entry breaks the Kubernetes client's ws.
const conditions = ["outrigger-source", "node"];

export default defineConfig({
  root: new URL("../..", import.meta.url).pathname,
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: ["outrigger-source"] } },
  test: {
    name: "cluster",
    include: ["test/cluster/suite/**/*.test.ts"],
    globalSetup: ["test/cluster/suite/setup.ts", "test/cluster/suite/path/setup.ts"],
    // One node of this machine's cores: side by side, files would only measure each other.
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 180_000,
  },
});
