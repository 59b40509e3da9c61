/** An image with the bare passthrough of the other benchmark, for its memory beside the sidecar's on the same node. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { build } from "esbuild";
import type { Image } from "../../cluster/image/image.ts";
import { makeNodeImage } from "../../cluster/image/node-image.ts";
import type { Manifest } from "../../cluster/suite/manifest.ts";

const program = join(import.meta.dirname, "../programs/bare.ts");

/** Makes the image; its name holds a hash of what is in it. */
export async function makeBareImage(folder: string): Promise<Image> {
  const from = join(folder, "bare.mjs");
  await build({
    entryPoints: [program],
    outfile: from,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node22",
    logLevel: "error",
    banner: { js: 'import { createRequire as r } from "node:module"; const require = r(import.meta.url);' },
  });
  const hash = createHash("sha256").update(await readFile(from));
  return makeNodeImage({
    name: `localhost/outrigger-bench-bare:${hash.digest("hex").slice(0, 12)}`,
    file: join(folder, "bare.tar"),
    app: [{ kind: "copy", path: "/app/bare.mjs", from }],
    cmd: ["node", "/app/bare.mjs", "http://127.0.0.1:9"],
    workdir: "/app",
  });
}

/** Where its pod answers. */
export const barePort = 9_090;

/** A pod that runs it in front of an origin, with the sidecar's flags for its heap. */
export function barePod(name: string, image: string, origin: string): Manifest {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, labels: { app: name } },
    spec: {
      automountServiceAccountToken: false,
      terminationGracePeriodSeconds: 1,
      containers: [
        {
          name: "bare",
          image,
          imagePullPolicy: "IfNotPresent",
          args: ["node", "/app/bare.mjs", origin, "0.0.0.0", String(barePort)],
          env: [{ name: "NODE_OPTIONS", value: "--max-semi-space-size=2 --max-old-space-size=64" }],
          // The program ends with its input, and a container without has one that is at its end.
          stdin: true,
          securityContext: {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            runAsNonRoot: true,
            capabilities: { drop: ["ALL"] },
            seccompProfile: { type: "RuntimeDefault" },
          },
        },
      ],
    },
  };
}
