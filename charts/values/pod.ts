/** What every program of the installation has alike: image, replicas, resources, where its pods run. */
import { kubernetesObject, patterns, reference, resources } from "./forms.ts";
import { image } from "./image.ts";
import { count, list, shaped, text, texts, toggle, type Group, type Leaf, type Values } from "./node.ts";

/** What tells one program's pods from another's. */
export interface PodFacts {
  readonly program: string;
  readonly requests: Values;
  readonly limits: Values;
}

/** The members of a program's block that all programs have. */
export function podMembers({ program, requests, limits }: PodFacts): Readonly<Record<string, Leaf | Group>> {
  return {
    replicas: count({ meaning: "How many pods.", fallback: 2, other: 3 }, { min: 1, max: 100 }),
    image: image(program),
    imagePullSecrets: list(
      { meaning: "Pull secrets, beside the common ones.", fallback: [], other: [{ name: "own" }] },
      reference,
    ),
    resources: shaped(
      { meaning: "Requests and limits.", fallback: { requests, limits }, other: { requests: { cpu: "1" } } },
      resources,
    ),
    ...placement,
    ...extras,
    serviceAccount: {
      meaning: "Its ServiceAccount.",
      members: {
        create: toggle({ meaning: "Whether the chart makes it.", fallback: true, other: false }),
        name: text(
          { meaning: "Name; empty: made from the release's.", fallback: "", other: "someone" },
          patterns.domainOrEmpty,
        ),
        annotations: texts({
          meaning: "Annotations of the ServiceAccount.",
          fallback: {},
          other: { team: "platform" },
        }),
      },
    },
    podDisruptionBudget: {
      meaning: "Its PodDisruptionBudget.",
      members: {
        enabled: toggle({ meaning: "Whether there is one.", fallback: true, other: false }),
        maxUnavailable: count(
          { meaning: "How many pods an eviction may take away at once.", fallback: 1, other: 2 },
          { min: 1, max: 100 },
        ),
      },
    },
  };
}

const placement: Readonly<Record<string, Leaf>> = {
  priorityClassName: text(
    { meaning: "Priority class of the pods.", fallback: "", other: "system-cluster-critical" },
    patterns.domainOrEmpty,
  ),
  nodeSelector: texts({ meaning: "Labels that nodes must have.", fallback: {}, other: { disk: "ssd" } }),
  tolerations: list(
    { meaning: "Taints that are tolerated.", fallback: [], other: [{ operator: "Exists" }] },
    kubernetesObject,
  ),
  affinity: shaped({ meaning: "Affinity of the pods.", fallback: {}, other: { nodeAffinity: {} } }, kubernetesObject),
  topologySpreadConstraints: list(
    {
      meaning:
        "How pods spread; each constraint without a `labelSelector`, which the chart adds. Empty: over zones and nodes where that is possible.",
      fallback: [],
      other: [{ maxSkew: 1, topologyKey: "rack", whenUnsatisfiable: "DoNotSchedule" }],
    },
    {
      type: "object",
      additionalProperties: false,
      required: ["maxSkew", "topologyKey", "whenUnsatisfiable"],
      properties: {
        maxSkew: { type: "integer", minimum: 1 },
        topologyKey: { type: "string" },
        whenUnsatisfiable: { type: "string", enum: ["DoNotSchedule", "ScheduleAnyway"] },
        minDomains: { type: "integer", minimum: 1 },
      },
    },
  ),
};

const extras: Readonly<Record<string, Leaf>> = {
  podLabels: texts({ meaning: "Further labels of the pods.", fallback: {}, other: { team: "platform" } }),
  podAnnotations: texts({ meaning: "Further annotations of the pods.", fallback: {}, other: { team: "platform" } }),
  extraEnv: list(
    {
      meaning: "Further environment variables.",
      fallback: [],
      other: [{ name: "HTTPS_PROXY", value: "http://proxy" }],
    },
    {
      type: "object",
      additionalProperties: false,
      required: ["name"],
      properties: { name: { type: "string" }, value: { type: "string" }, valueFrom: kubernetesObject },
    },
  ),
  extraVolumes: list(
    { meaning: "Further volumes of the pods.", fallback: [], other: [{ name: "more", emptyDir: {} }] },
    kubernetesObject,
  ),
  extraVolumeMounts: list(
    { meaning: "Further mounts of the container.", fallback: [], other: [{ name: "more", mountPath: "/more" }] },
    kubernetesObject,
  ),
};
