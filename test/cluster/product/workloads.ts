/** Workloads of a user as they were before Outrigger: plain Deployments and pods of MCP servers, without a word about the sidecar. */
import type { Manifest } from "../suite/manifest.ts";

/** What a container says of itself under the restricted Pod Security standard. */
const restrictedContainer = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  runAsNonRoot: true,
  capabilities: { drop: ["ALL"] },
  seccompProfile: { type: "RuntimeDefault" },
} as const;

/** A pod template: its metadata and the parts of its container that differ. */
export interface ServerTemplate {
  readonly image: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly container?: object;
  readonly replicas?: number;
  /** Default 5, so that a server that hears no SIGTERM does not hold up its test. */
  readonly graceSeconds?: number;
}

/** The label that asks for the sidecar. */
export const optedIn = { "outrigger.dev/inject": "enabled" } as const;

/** Port of the HTTP server in the image. */
export const serverPort = 3001;

/** A Deployment of the reference server over streamable HTTP. */
export function httpServer(name: string, template: ServerTemplate): Manifest {
  return deployment(name, template, {
    command: ["node", "/app/everything.mjs", "streamableHttp"],
    env: [{ name: "PORT", value: String(serverPort) }],
    ports: [{ containerPort: serverPort }],
    readinessProbe: { tcpSocket: { port: serverPort }, periodSeconds: 1 },
  });
}

/** The same, listening on the address that HOST names instead of on all. */
export const bindsHost = {
  command: ["node", "--import", "/app/bind-host.ts", "/app/everything.mjs", "streamableHttp"],
};

/** A Deployment of a server that speaks over its standard input and output. */
export function stdioServer(name: string, template: ServerTemplate): Manifest {
  const annotations = { "outrigger.dev/transport": "stdio", ...template.annotations };
  return deployment(name, { ...template, annotations }, { command: ["node", "/app/memory.mjs"] });
}

/** The grace period that Kubernetes gives pods that ask for none. */
const usualGraceSeconds = 30;

/** A Deployment of a server that ends at once when it is told to, calls or not; over streamable HTTP. */
export function hastyServer(name: string, template: ServerTemplate): Manifest {
  const container = { command: ["node", "/app/exits-at-once.mjs"] };
  return httpServer(name, { graceSeconds: usualGraceSeconds, ...template, container });
}

/** The same over its standard input and output. */
export function hastyStdioServer(name: string, template: ServerTemplate): Manifest {
  const container = { command: ["node", "/app/exits-at-once.mjs", "stdio"] };
  return stdioServer(name, { graceSeconds: usualGraceSeconds, ...template, container });
}

/** A Service on port 80 of the pods of a Deployment, by the number of a port. */
export function serviceOf(name: string, targetPort: number): Manifest {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name },
    spec: { selector: { app: name }, ports: [{ port: 80, targetPort }] },
  };
}

/** The pod that a Deployment would make, on its own. */
export function podOf({ metadata, spec }: Manifest): Manifest {
  // Made by the functions above.
  const { template } = spec as { readonly template: { readonly metadata: object; readonly spec: object } };
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { ...template.metadata, name: metadata.name },
    spec: template.spec,
  };
}

/** A Job that declares the server's port and ends by itself. */
export function jobOf(name: string, template: ServerTemplate, command: readonly string[]): Manifest {
  const { spec } = podOf(deployment(name, template, { command, ports: [{ containerPort: serverPort }] }));
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name },
    spec: {
      backoffLimit: 0,
      template: {
        metadata: { labels: { app: name, ...template.labels }, annotations: template.annotations ?? {} },
        spec: { ...(spec as object), restartPolicy: "Never" },
      },
    },
  };
}

function deployment(name: string, template: ServerTemplate, container: object): Manifest {
  const { image, labels = {}, annotations = {}, replicas = 1, graceSeconds = 5 } = template;
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name },
    spec: {
      replicas,
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name, ...labels }, annotations },
        spec: {
          automountServiceAccountToken: false,
          terminationGracePeriodSeconds: graceSeconds,
          containers: [
            {
              name: "app",
              image,
              imagePullPolicy: "IfNotPresent",
              securityContext: restrictedContainer,
              ...container,
              ...template.container,
            },
          ],
        },
      },
    },
  };
}
