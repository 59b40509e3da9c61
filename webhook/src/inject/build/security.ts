/** The security context of our containers, never the pod's: fit for the restricted Pod Security Standard by itself. */
import type { InjectionConfig } from "../config.ts";
import type { JsonObject } from "../read/json.ts";

/** User and group of our images. */
const imageUser = 65_532;

/** Builds the security context. On OpenShift the user is left to the constraints of the cluster. */
export function buildSecurityContext({ platform }: InjectionConfig): JsonObject {
  return {
    allowPrivilegeEscalation: false,
    capabilities: { drop: ["ALL"] },
    privileged: false,
    readOnlyRootFilesystem: true,
    ...(platform === "openshift" ? {} : { runAsGroup: imageUser }),
    runAsNonRoot: true,
    ...(platform === "openshift" ? {} : { runAsUser: imageUser }),
    seccompProfile: { type: "RuntimeDefault" },
  };
}
