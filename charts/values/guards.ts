/** What guards the result: network policies, admission policies; and who watches it. */
import { patterns, peer } from "./forms.ts";
import { list, text, texts, toggle, word, type Group, type Leaf } from "./node.ts";

const examplePeer = { namespaceSelector: { matchLabels: { team: "platform" } } };

/** One list of peers. */
const peers = (meaning: string): Leaf => list({ meaning, fallback: [], other: [examplePeer] }, peer);

/** Network policies around the programs and the sidecars. */
export const networkPolicies: Group = {
  meaning: "Network policies. Peers are written as in a NetworkPolicy.",
  members: {
    enabled: toggle({
      meaning: "Whether the programs' own pods get some.",
      fallback: true,
      other: false,
    }),
    sidecars: toggle({
      meaning:
        "Whether the operator writes some for injected pods; without them port mode sidecar-port guards nothing.",
      fallback: true,
      other: false,
    }),
    clients: peers("Who may reach the aggregator's endpoint. Empty: everybody."),
    sidecarClients: peers("Who may reach the sidecars' data ports, besides the aggregator."),
    monitoring: peers("Who may read metrics. Empty: nobody but the node itself."),
  },
};

/** Admission policies. */
export const admissionPolicies: Group = {
  meaning: "ValidatingAdmissionPolicies, which the API server evaluates whether or not a webhook runs.",
  members: {
    enabled: toggle({ meaning: "Whether there are any.", fallback: true, other: false }),
    ephemeralContainers: word(
      {
        meaning:
          "Whether `kubectl debug` may put containers into injected pods; they reach the server past the sidecar.",
        fallback: "Allow",
        other: "Deny",
      },
      ["Allow", "Deny"],
    ),
    furtherSidecarImages: list(
      {
        meaning:
          "Further images, without tag and digest, that pods may have as sidecar; for the time in which the sidecar's repository changes.",
        fallback: [],
        other: ["old.test/sidecar"],
      },
      { type: "string", pattern: "^[A-Za-z0-9][A-Za-z0-9._:/-]*$" },
    ),
  },
};

/** A kind of the Prometheus operator. */
function monitor(meaning: string, path: string): Group {
  const on = { [`metrics.${path}.enabled`]: true };
  return {
    meaning,
    members: {
      enabled: toggle({ meaning: "Whether there is one.", fallback: false, other: true }),
      labels: texts({
        meaning: "Its labels, for Prometheus to find it.",
        fallback: {},
        other: { team: "a" },
        beside: on,
      }),
      ...(path === "prometheusRule"
        ? {}
        : {
            interval: text(
              { meaning: "How often metrics are read.", fallback: "30s", other: "1m", beside: on },
              patterns.duration,
            ),
          }),
    },
  };
}

/** Who watches. */
export const metrics: Group = {
  meaning: "Objects for the Prometheus operator, whose kinds must be installed.",
  members: {
    serviceMonitor: monitor("ServiceMonitor for the programs.", "serviceMonitor"),
    podMonitor: monitor("PodMonitor for the sidecars.", "podMonitor"),
    prometheusRule: monitor("PrometheusRule with alerts.", "prometheusRule"),
  },
};
