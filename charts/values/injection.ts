/** What injection does in this installation: the values behind the webhook's configuration file. */
import { keys } from "@outrigger/api/keys";
import { words } from "@outrigger/api/words";
import { auditWords, defaultableKeys, defaultConfig, sidecarKinds } from "../../webhook/src/inject/config.ts";
import { kubernetesObject, patterns, reference } from "./forms.ts";
import { list, shaped, text, word, type Group, type Leaf, type Schema } from "./node.ts";
import { companionImage, image } from "./image.ts";

const { foreign } = defaultConfig;
const names = { type: "string", pattern: patterns.name };
const plainText = { type: "string", pattern: "^[!-~]{1,512}$" };

const spelledOut = new Map(Object.entries(words).map(([name, list]) => [name, { type: "string", enum: list }]));

/** A list of the configuration file whose default is the webhook's own. */
function foreignList(facts: {
  readonly key: keyof typeof foreign;
  readonly meaning: string;
  readonly other: unknown;
}): Leaf {
  const items = facts.key === "probePorts" ? { type: "integer", minimum: 1_024, maximum: 65_535 } : plainText;
  return list({ meaning: facts.meaning, fallback: foreign[facts.key], other: [facts.other] }, items);
}

const objects = { type: "array", items: kubernetesObject };

/** The outer form; the webhook reads the rest, and says what would be right. */
const sidecarTemplate: Schema = {
  type: "object",
  additionalProperties: false,
  properties: {
    container: {
      type: "object",
      additionalProperties: false,
      properties: {
        env: objects,
        ports: objects,
        volumeMounts: objects,
        resources: kubernetesObject,
        securityContext: kubernetesObject,
      },
    },
    volumes: objects,
    annotations: { type: "object", additionalProperties: { type: "string" } },
    labels: { type: "object", additionalProperties: { type: "string" } },
  },
};

/** Settings of injection. */
export const injection: Group = {
  meaning: "What injection does.",
  members: {
    systemNamespaces: list(
      {
        meaning:
          "Namespaces that are never touched, besides kube-system, kube-public, kube-node-lease and the release's own.",
        fallback: [],
        other: ["monitoring"],
      },
      names,
    ),
    kubernetesVersion: text(
      {
        meaning: "Version of the API server, such as `1.33`; empty: as Helm finds it. Port mode named-port needs 1.32.",
        fallback: "",
        other: "1.31",
      },
      "^(1\\.[0-9]{1,3})?$",
    ),
    sidecarKind: word(
      {
        meaning:
          "As what sidecars run: `native`, an init container that keeps running, or `container`, the first of the pod's containers, for clusters without native sidecars. Pods that end, such as those of Jobs, are refused with `container`.",
        fallback: "native",
        other: "container",
      },
      sidecarKinds,
    ),
    sidecarTemplate: shaped(
      {
        meaning:
          "What is added to every sidecar and its pod: `container` (`env`, `ports`, `resources` but for CPU and memory, `securityContext`, `volumeMounts`), `volumes`, `annotations`, `labels`. See docs/explanation/injection.md.",
        fallback: {},
        other: { container: { env: [{ name: "REGION", value: "north" }] }, labels: { team: "platform" } },
      },
      sidecarTemplate,
    ),
    defaults: shaped(
      {
        meaning: `What holds where neither pod nor namespace says it, spelt as in the annotation: ${listDefaultable()}.`,
        fallback: {},
        other: { drainSeconds: "30" },
      },
      {
        type: "object",
        additionalProperties: false,
        properties: Object.fromEntries(defaultableKeys.map((name) => [name, spelledOut.get(name) ?? plainText])),
      },
    ),
    foreign: {
      meaning: "Traces of other injectors that are taken neither for the server's nor for tampering.",
      members: {
        containers: foreignList({
          key: "containers",
          meaning: "Containers that are never the MCP server unless an annotation names them.",
          other: "agent",
        }),
        networkInits: foreignList({
          key: "networkInits",
          meaning: "Init containers that may stand before the sidecar.",
          other: "net-init",
        }),
        env: foreignList({ key: "env", meaning: "Variables that may be added to the sidecar.", other: "REGION" }),
        mountPaths: foreignList({
          key: "mountPaths",
          meaning: "Mounts that may be added to the sidecar.",
          other: "/secrets",
        }),
        probePorts: foreignList({
          key: "probePorts",
          meaning: "Ports of agents that stand in for the kubelet's probes.",
          other: 15_021,
        }),
      },
    },
  },
};

function listDefaultable(): string {
  return defaultableKeys.map((name) => `\`${name}\` (\`${keys[name].key}\`)`).join(", ");
}

/** The sidecar. */
export const sidecar: Group = {
  meaning: "The sidecar in other people's pods.",
  members: {
    image: image("sidecar"),
    imagePullSecrets: list(
      {
        meaning: "Pull secrets added to injected pods; they must exist there.",
        fallback: [],
        other: [{ name: "pull" }],
      },
      reference,
    ),
    audit: word(
      {
        meaning: "Which decisions of sidecars get an audit line in the pod's log.",
        fallback: "all",
        other: "refusals",
      },
      auditWords,
    ),
    otlpEndpoint: text(
      {
        meaning:
          "Where sidecars export traces to, by OTLP over HTTP, such as `http://collector.telemetry:4318`; empty: nowhere.",
        fallback: "",
        other: "http://collector.telemetry:4318",
      },
      patterns.collectorOrEmpty,
    ),
  },
};

/** The shim. */
export const shim: Group = {
  meaning: "The shim, which runs a stdio server inside its own container.",
  members: { image: companionImage("shim") },
};

/** Where pods run. */
export const platform = word(
  {
    meaning: "On openshift user ids are left to the security context constraints.",
    fallback: "kubernetes",
    other: "openshift",
  },
  ["kubernetes", "openshift"],
);
