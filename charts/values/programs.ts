/** The blocks of the three programs: what is theirs alone beside what all programs have. */
import { auditWords } from "../../webhook/src/inject/config.ts";
import { endpointValues } from "./endpoints.ts";
import { kubernetesObject, patterns } from "./forms.ts";
import { closed, count, list, shaped, text, texts, toggle, word, type Group } from "./node.ts";
import { aggregatorAuth, aggregatorDoor } from "./door.ts";
import { podMembers } from "./pod.ts";

const domains = { type: "string", pattern: patterns.domain };
const issued = { "certificates.mode": "cert-manager" };

/** The webhook. */
export const webhook: Group = {
  meaning: "The webhook, which puts the sidecar into pods.",
  members: {
    failurePolicy: word(
      {
        meaning:
          "What happens to labelled pods while no webhook answers. Fail: they are refused. Ignore: they start without a sidecar, except in namespaces with `outrigger.dev/enforce=required`, as long as `admissionPolicies.enabled` is set.",
        fallback: "Fail",
        other: "Ignore",
      },
      ["Fail", "Ignore"],
    ),
    validateWorkloads: toggle({
      meaning:
        "Whether Deployments and other workloads, and namespaces, are looked at when they are applied: what would be refused is told as a warning. Nothing is refused.",
      fallback: true,
      other: false,
    }),
    timeoutSeconds: count(
      { meaning: "How long the API server waits for an answer.", fallback: 5, other: 10 },
      { min: 1, max: 30 },
    ),
    port: count(
      {
        meaning: "Port of the pods. Private clusters often admit only 443 and 10250 from the API server.",
        fallback: 10_250,
        other: 9_443,
      },
      { min: 1_024, max: 65_535 },
    ),
    hostNetwork: toggle({
      meaning:
        "Whether the pods use the node's network, for API servers that can't reach pods. Needs another `webhook.port`.",
      fallback: false,
      other: true,
      beside: { "webhook.port": 9443 },
    }),
    ...podMembers({
      program: "webhook",
      requests: { cpu: "50m", memory: "96Mi" },
      limits: { memory: "256Mi" },
    }),
  },
};

/** The aggregator. */
export const aggregator: Group = {
  meaning: "The aggregator, which is the one endpoint for MCP clients.",
  members: {
    ...endpointValues,
    names: word(
      {
        meaning: "Names of tools: by namespace and server, or by server alone, which needs exactly one namespace.",
        fallback: "namespace",
        other: "server",
        beside: { "aggregator.namespaces": ["tools"] },
      },
      ["namespace", "server"],
    ),
    namespaces: list(
      {
        meaning: "Namespaces in which servers are found; empty: those of `rbac.namespaces`, else all.",
        fallback: [],
        other: ["tools"],
      },
      { type: "string", pattern: patterns.name },
    ),
    services: toggle({
      meaning:
        "Whether addresses of Services with the label `outrigger.dev/source=sidecars` are servers too, such as relays that stand alone. The aggregator then reads Services and EndpointSlices in the same namespaces as pods.",
      fallback: false,
      other: true,
    }),
    serverLists: shaped(
      {
        meaning:
          "ConfigMaps that list servers which no pod here shows, each by namespace and name. The member `servers.json` is an mcp.json whose entries name sidecars; their tools bear the ConfigMap's namespace. A change is followed at once.",
        fallback: [],
        other: [{ namespace: "partners", name: "servers" }],
      },
      {
        type: "array",
        uniqueItems: true,
        items: closed(
          {
            namespace: { type: "string", pattern: patterns.name },
            name: { type: "string", pattern: patterns.domain },
          },
          ["namespace", "name"],
        ),
      },
    ),
    callDeadline: text(
      {
        meaning:
          "Longest time of a call as a whole, in which servers and replicas are tried and waited for, such as `30s` or `10m`.",
        fallback: "2m",
        other: "30s",
      },
      patterns.duration,
    ),
    assertions: toggle({
      meaning:
        "Whether sidecars hear who calls, so that rules of policy can name users, groups, ServiceAccounts and claims. The operator then names the keys in every policy, which sidecars of 0.1 refuse: they keep the policy that they have until their pods are replaced.",
      fallback: false,
      other: true,
    }),
    sessionKeysSecret: text(
      {
        meaning:
          "Secret in the release's namespace whose member `keys` holds the keys by which replicas share sessions, one base64 of 32 bytes per line; empty: the operator makes one and replaces its keys. Without both, the Service keeps a client at one replica.",
        fallback: "",
        other: "session-keys",
      },
      patterns.domainOrEmpty,
    ),
    hosts: list(
      {
        meaning: "Further Host names that clients use, such as that of an Ingress.",
        fallback: [],
        other: ["mcp.test"],
      },
      domains,
    ),
    origins: list(
      { meaning: "Origins of web pages that may call.", fallback: [], other: ["https://app.test"] },
      { type: "string", pattern: "^[!-+.-~]+$" },
    ),
    auth: aggregatorAuth,
    ...aggregatorDoor,
    audit: word(
      {
        meaning: "Which decisions of the aggregator get an audit line in the pod's log.",
        fallback: "all",
        other: "refusals",
      },
      auditWords,
    ),
    otlpEndpoint: text(
      {
        meaning:
          "Where the aggregator exports traces to, by OTLP over HTTP, such as `http://collector.telemetry:4318`; empty: nowhere. Other variables of OpenTelemetry go into `aggregator.extraEnv`.",
        fallback: "",
        other: "http://collector.telemetry:4318",
      },
      patterns.collectorOrEmpty,
    ),
    service: {
      meaning: "Its Service.",
      members: {
        type: word({ meaning: "Type of the Service.", fallback: "ClusterIP", other: "NodePort" }, [
          "ClusterIP",
          "NodePort",
          "LoadBalancer",
        ]),
        port: count({ meaning: "Port of the Service.", fallback: 80, other: 8_080 }, { min: 1, max: 65_535 }),
        annotations: texts({ meaning: "Annotations of the Service.", fallback: {}, other: { team: "platform" } }),
      },
    },
    ...podMembers({
      program: "aggregator",
      requests: { cpu: "100m", memory: "192Mi" },
      limits: { memory: "512Mi" },
    }),
  },
};

/** The operator. */
export const operator: Group = {
  meaning: "The operator, which signs policies, writes network policies, probes for ways round, keeps certificates.",
  members: {
    enabled: toggle({
      meaning:
        "Whether there is one. Without it there are no signed policies, no network policies and no probes, annotations of namespaces are not read, and `certificates.mode` must not be self.",
      fallback: true,
      other: false,
      beside: issued,
    }),
    ...podMembers({
      program: "operator",
      requests: { cpu: "50m", memory: "128Mi" },
      limits: { memory: "384Mi" },
    }),
  },
};

/** Rights. */
export const rbac: Group = {
  meaning: "Rights of the programs.",
  members: {
    create: toggle({ meaning: "Whether the chart makes roles and their bindings.", fallback: true, other: false }),
    namespaces: list(
      {
        meaning:
          "Namespaces to be limited to: then no program has rights in the whole cluster, and `certificates.mode` must not be self. They must exist. Empty: all.",
        fallback: [],
        other: ["tools"],
        beside: issued,
      },
      { type: "string", pattern: patterns.name },
    ),
  },
};

/** Objects of the user's own. */
export const extraObjects = list(
  {
    meaning: "Further objects to install; texts in them are templates.",
    fallback: [],
    other: [{ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "more" } }],
  },
  kubernetesObject,
);

/** A name, for values of the root. */
export const nameOverride = text(
  { meaning: "Stands in for the chart's name.", fallback: "", other: "other" },
  patterns.nameOrEmpty,
);
