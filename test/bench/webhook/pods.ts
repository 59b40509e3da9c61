/** The pods that are admitted: as controllers create them, each kind with what makes its patch another one. Pure. */
import { keys } from "@outrigger/api/keys";
import { idPlaceholder } from "../load/request.ts";

/** A pod as it is sent to an API server. */
export type PodManifest = Readonly<Record<string, unknown>>;

/** A kind of pod. */
export interface PodKind {
  readonly name: string;
  readonly containers: number;
  readonly pod: PodManifest;
}

const securityContext = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ["ALL"] },
  runAsNonRoot: true,
  seccompProfile: { type: "RuntimeDefault" },
};

const probe = (port: string, periodSeconds: number): object => ({
  httpGet: { path: "/healthz", port },
  periodSeconds,
  timeoutSeconds: 2,
});

/** A container of the size that charts write: variables of each source, a port, three probes, resources, mounts. */
function container(name: string, port: number): object {
  const portName = `http-${port % 100}`;
  return {
    name,
    image: `registry.example.com/tools/${name}@sha256:${"0123456789abcdef".repeat(4)}`,
    imagePullPolicy: "IfNotPresent",
    args: ["--port", String(port), "--log-format", "json"],
    ports: [{ name: portName, containerPort: port }],
    env: [
      ...Array.from({ length: 8 }, (_, at) => ({ name: `SETTING_${at}`, value: `value-${at}-of-${name}` })),
      { name: "POD_IP", valueFrom: { fieldRef: { fieldPath: "status.podIP" } } },
      { name: "API_KEY", valueFrom: { secretKeyRef: { name: "keys", key: name } } },
    ],
    resources: { requests: { cpu: "50m", memory: "64Mi" }, limits: { memory: "256Mi" } },
    startupProbe: probe(portName, 1),
    readinessProbe: probe(portName, 5),
    livenessProbe: probe(portName, 10),
    volumeMounts: [
      { name: "data", mountPath: "/data", subPath: name },
      { name: "config", mountPath: "/etc/app", readOnly: true },
    ],
    securityContext,
  };
}

interface Parts {
  readonly name: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly containers: readonly object[];
  readonly initContainers?: readonly object[];
}

/** A pod of a Deployment. The number in its name is written anew for each request. */
function podOf({ name, annotations = {}, containers, initContainers }: Parts): PodManifest {
  const replicaSet = `${name}-6d5f8c7b9`;
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: `${replicaSet}-${idPlaceholder}`,
      labels: { app: name, "pod-template-hash": "6d5f8c7b9", [keys.inject.key]: "enabled" },
      annotations: { "checksum/config": "5f3b1d0e", ...annotations },
      ownerReferences: [
        {
          apiVersion: "apps/v1",
          kind: "ReplicaSet",
          name: replicaSet,
          uid: "7d0cb5a9-6b55-4c5f-9d35-0d6a3c3a8f11",
          controller: true,
          blockOwnerDeletion: true,
        },
      ],
    },
    spec: {
      ...(initContainers === undefined ? {} : { initContainers }),
      containers,
      volumes: [
        { name: "data", emptyDir: {} },
        { name: "config", configMap: { name: `${name}-config` } },
      ],
    },
  };
}

const firstPort = 8_080;
const severalContainers = (count: number): readonly object[] => [
  container("app", firstPort),
  ...Array.from({ length: count - 1 }, (_, at) => container(`helper-${at + 1}`, firstPort + 1 + at)),
];

function podWith(count: number): PodKind {
  const annotations = { [keys.container.key]: "app" };
  const pod = podOf({ name: `many-${count}`, annotations, containers: severalContainers(count) });
  return { name: `${count} containers`, containers: count, pod };
}

/** What a cluster sees every day: the kinds that take turns in every load. */
export const usualPods: readonly PodKind[] = [
  { name: "sidecar-port", containers: 1, pod: podOf({ name: "search", containers: [container("app", firstPort)] }) },
  {
    name: "loopback",
    containers: 1,
    pod: podOf({
      name: "notes",
      annotations: { [keys.portMode.key]: "loopback", [keys.denyTools.key]: "delete_*" },
      containers: [container("app", firstPort)],
    }),
  },
  {
    name: "stdio",
    containers: 1,
    pod: podOf({
      name: "files",
      annotations: { [keys.transport.key]: "stdio", [keys.rateLimit.key]: "60/m" },
      containers: [
        {
          name: "app",
          image: "registry.example.com/tools/files:1.4.2",
          command: ["node", "/app/server.js"],
          args: ["/data"],
          env: [{ name: "ROOT", value: "/data" }],
          volumeMounts: [{ name: "data", mountPath: "/data" }],
          securityContext,
        },
      ],
    }),
  },
  {
    name: "3 containers",
    containers: 3,
    pod: podOf({
      name: "orders",
      annotations: { [keys.container.key]: "app", [keys.allowTools.key]: "list_*,get_*" },
      initContainers: [
        { name: "migrate", image: "registry.example.com/tools/orders:3", command: ["/app/migrate"], securityContext },
      ],
      containers: severalContainers(3),
    }),
  },
];

/** The kinds by which the cost of a decision is told. */
export const pods = {
  one: usualPods[0]!,
  ten: podWith(10),
  thirty: podWith(30),
} as const;
