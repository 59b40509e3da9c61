/** The block of `helm test`: the pod that runs `outrigger check` inside the cluster. It is never there but while the test runs. */
import { kubernetesObject, reference, resources } from "./forms.ts";
import { image } from "./image.ts";
import { list, shaped, texts, type Group } from "./node.ts";

/** The pod of the test. */
export const check: Group = {
  meaning: "The pod of `helm test`, which runs `outrigger check --deep` with rights of its own.",
  members: {
    image: image("cli"),
    imagePullSecrets: list(
      { meaning: "Pull secrets, beside the common ones.", fallback: [], other: [{ name: "own" }] },
      reference,
    ),
    resources: shaped(
      {
        meaning: "Requests and limits.",
        fallback: { requests: { cpu: "50m", memory: "128Mi" }, limits: { memory: "384Mi" } },
        other: { requests: { cpu: "1" } },
      },
      resources,
    ),
    nodeSelector: texts({ meaning: "Labels that nodes must have.", fallback: {}, other: { disk: "ssd" } }),
    tolerations: list(
      { meaning: "Taints that are tolerated.", fallback: [], other: [{ operator: "Exists" }] },
      kubernetesObject,
    ),
  },
};
