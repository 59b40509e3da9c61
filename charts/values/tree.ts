/** All values of the chart, in the order in which values.yaml shows them. */
import { patterns, reference } from "./forms.ts";
import { certificates } from "./certificates.ts";
import { check } from "./check.ts";
import { admissionPolicies, metrics, networkPolicies } from "./guards.ts";
import { injection, platform, shim, sidecar } from "./injection.ts";
import { list, text, texts, word, type Group } from "./node.ts";
import { pullPolicy } from "./image.ts";
import { policy } from "./policy.ts";
import { aggregator, extraObjects, nameOverride, operator, rbac, webhook } from "./programs.ts";
import { sleep } from "./sleep.ts";

/** The root. */
export const tree: Group = {
  meaning: "Values of the chart.",
  members: {
    policy,
    injection,
    sidecar,
    shim,
    webhook,
    aggregator,
    operator,
    sleep,
    certificates,
    rbac,
    networkPolicies,
    admissionPolicies,
    metrics,
    check,
    images: {
      meaning: "What all images have in common.",
      members: {
        registry: text(
          { meaning: "Registry; empty: that of the container runtime.", fallback: "", other: "registry.test" },
          patterns.registryOrEmpty,
        ),
        pullPolicy,
      },
    },
    imagePullSecrets: list(
      { meaning: "Pull secrets of the programs' own pods.", fallback: [], other: [{ name: "pull" }] },
      reference,
    ),
    platform,
    clusterDomain: text(
      { meaning: "Domain of the cluster's names.", fallback: "cluster.local", other: "corp.test" },
      patterns.domain,
    ),
    listenAddress: text(
      {
        meaning: "Address that the programs listen on; `[::]` where pods have IPv6 addresses.",
        fallback: "0.0.0.0",
        other: "[::]",
      },
      patterns.address,
    ),
    logLevel: word({ meaning: "How much the programs log.", fallback: "info", other: "debug" }, [
      "debug",
      "info",
      "warn",
      "error",
    ]),
    nameOverride,
    fullnameOverride: text(
      { meaning: "Stands in for the name that all objects begin with.", fallback: "", other: "other" },
      patterns.nameOrEmpty,
    ),
    commonLabels: texts({ meaning: "Further labels of all objects.", fallback: {}, other: { team: "platform" } }),
    extraObjects,
  },
};
