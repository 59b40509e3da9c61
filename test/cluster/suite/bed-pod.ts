/** The image and the pods that try the bed. */
import { join } from "node:path";
import type { Image } from "../image/image.ts";
import { makeNodeImage } from "../image/node-image.ts";
import type { Manifest } from "./manifest.ts";

/** Name of the image. */
const bedImage = "localhost/outrigger-bed:1";

/** Port that a serving pod listens on. */
export const bedPort = 8080;

/** Makes the image's archive in a folder. */
export function makeBedImage(folder: string): Promise<Image> {
  const from = join(import.meta.dirname, "app/bed.ts");
  return makeNodeImage({
    name: bedImage,
    file: join(folder, "bed.tar"),
    app: [{ kind: "copy", path: "/app/bed.ts", from }],
    entrypoint: ["node", "/app/bed.ts"],
  });
}

/** What a pod has to say of itself under the restricted Pod Security standard. */
const restricted = { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } };

/** A pod under the restricted Pod Security standard; its label `app` is its name. */
export function bedPod(name: string, role: "serve" | "sleep", securityContext: object = restricted): Manifest {
  const readinessProbe = { httpGet: { path: "/", port: bedPort }, periodSeconds: 1 };
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, labels: { app: name } },
    spec: {
      terminationGracePeriodSeconds: 1,
      automountServiceAccountToken: false,
      securityContext,
      containers: [
        {
          name: "bed",
          image: bedImage,
          imagePullPolicy: "IfNotPresent",
          args: [role, String(bedPort)],
          securityContext: {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ["ALL"] },
          },
          ...(role === "serve" ? { readinessProbe } : {}),
        },
      ],
    },
  };
}
