/** Reading what an installation adds to sidecars: what is taken, how it is spelled out, and what is refused with which words. */
import { describe, expect, it } from "vitest";
import { parseInjectionConfig } from "./config.ts";

const read = (sidecarTemplate: unknown): ReturnType<typeof parseInjectionConfig> =>
  parseInjectionConfig({ sidecarTemplate });
const problemsOf = (template: unknown): string[] => {
  const result = read(template);
  return result.ok ? [] : result.problems.map(({ path, expected }) => `${path.join(".")}: ${expected}`);
};
const volumes = [{ name: "outrigger-ca", configMap: { name: "ca" } }];

describe("a sidecar template", () => {
  it("is spelled out as the API server would store it, so that a second round finds nothing to do", () => {
    const result = read({
      container: {
        env: [
          { name: "EMPTY", value: "" },
          { name: "NODE", valueFrom: { fieldRef: { fieldPath: "spec.nodeName" } } },
        ],
        ports: [{ containerPort: 9_901 }],
        volumeMounts: [{ name: "outrigger-ca", mountPath: "/etc/ssl/corp", readOnly: false }],
      },
      volumes: [
        ...volumes,
        {
          name: "outrigger-token",
          projected: { sources: [{ serviceAccountToken: { path: "token", audience: "vault" } }] },
        },
      ],
    });
    expect(result.ok && result.config.sidecarTemplate).toEqual({
      container: {
        env: [
          { name: "EMPTY" },
          { name: "NODE", valueFrom: { fieldRef: { apiVersion: "v1", fieldPath: "spec.nodeName" } } },
        ],
        ports: [{ containerPort: 9_901, protocol: "TCP" }],
        volumeMounts: [{ name: "outrigger-ca", mountPath: "/etc/ssl/corp" }],
      },
      volumes: [
        { name: "outrigger-ca", configMap: { defaultMode: 0o644, name: "ca" } },
        {
          name: "outrigger-token",
          projected: {
            defaultMode: 0o644,
            sources: [{ serviceAccountToken: { expirationSeconds: 3_600, path: "token", audience: "vault" } }],
          },
        },
      ],
      annotations: {},
      labels: {},
    });
  });

  it.each<[string, object, string]>([
    ["name", { name: "x" }, "no name"],
    ["image", { image: "x" }, "no image: it is the setting image"],
    ["pull policy", { imagePullPolicy: "Never" }, "no pull policy"],
    ["command", { command: ["sh"] }, "a guard"],
    ["arguments", { args: ["x"] }, "a guard"],
    ["folder", { workingDir: "/" }, "a guard"],
    ["restart policy", { restartPolicy: "Never" }, "sidecarKind"],
    ["hooks", { lifecycle: {} }, "order the start and the end"],
    ["startup probe", { startupProbe: {} }, "order the start and the end"],
    ["readiness probe", { readinessProbe: {} }, "order the start and the end"],
    ["liveness probe", { livenessProbe: {} }, "order the start and the end"],
    ["variables from elsewhere", { envFrom: [] }, "one by one in env"],
    ["unknown member", { tty: true }, "no such key; known are env"],
    ["directive", { $patch: "replace" }, "no directive"],
    ["directive in a list", { env: [{ name: "A", $patch: "delete" }] }, "no directive"],
    ["null", { env: null }, "leave the key out"],
    ["setting of the sidecar", { env: [{ name: "OUTRIGGER_UPSTREAM", value: "x" }] }, "set or started by"],
    ["name of the pod", { env: [{ name: "POD_NAME", value: "x" }] }, "set or started by"],
    ["option of Node", { env: [{ name: "NODE_OPTIONS", value: "--require /x.js" }] }, "set or started by"],
    ["library", { env: [{ name: "LD_PRELOAD", value: "/x.so" }] }, "set or started by"],
    ["certificate check", { env: [{ name: "NODE_TLS_REJECT_UNAUTHORIZED", value: "0" }] }, "set or started by"],
    ["collector", { env: [{ name: "OTEL_EXPORTER_OTLP_ENDPOINT", value: "x" }] }, "otlpEndpoint"],
    ["number as value", { env: [{ name: "A", value: 1 }] }, "a text"],
    ["two sources", { env: [{ name: "A", valueFrom: { fieldRef: {}, secretKeyRef: {} } }] }, "one of configMapKeyRef"],
    ["variable twice", { env: [{ name: "A" }, { name: "A" }] }, "another name"],
    ["port of the sidecar", { ports: [{ containerPort: 19_081 }] }, "does not use itself"],
    ["port name of a user's", { ports: [{ containerPort: 9_901, name: "http" }] }, "a name such as outrigger-web"],
    ["CPU", { resources: { limits: { cpu: "1" } } }, "sidecarCpuLimit"],
    ["memory", { resources: { requests: { memory: "1Gi" } } }, "sidecarMemoryLimit"],
    ["claims", { resources: { claims: [] } }, "no claims"],
    ["no quantity", { resources: { limits: { "ephemeral-storage": "much" } } }, "a quantity"],
    [
      "request above limit",
      { resources: { limits: { "ephemeral-storage": "1Mi" }, requests: { "ephemeral-storage": "2Mi" } } },
      "at most the amount of its limit",
    ],
    ["huge pages", { resources: { limits: { "hugepages-2Mi": "4Mi" } } }, "no huge pages"],
    ["half a device", { resources: { limits: { "example.com/lane": "500m" } } }, "a whole number"],
    ["name of a quota", { resources: { limits: { "requests.example.com/lane": "1" } } }, "a resource such as"],
    ["resource of Kubernetes", { resources: { limits: { "x.kubernetes.io/lane": "1" } } }, "a resource such as"],
    ["name that ends in a dot", { resources: { limits: { "example.com/lane.": "1" } } }, "a resource such as"],
    ["device by request alone", { resources: { requests: { "example.com/lane": "1" } } }, "the amount of its limit"],
    ["root", { securityContext: { runAsUser: 0 } }, "not root"],
    ["root allowed", { securityContext: { runAsNonRoot: false } }, "true: the sidecar keeps"],
    ["privilege", { securityContext: { privileged: true } }, "false: the sidecar keeps"],
    ["escalation", { securityContext: { allowPrivilegeEscalation: true } }, "false: the sidecar keeps"],
    ["writable root", { securityContext: { readOnlyRootFilesystem: false } }, "true: the sidecar keeps"],
    ["capability", { securityContext: { capabilities: { drop: ["ALL"], add: ["NET_RAW"] } } }, "nothing more"],
    ["no seccomp", { securityContext: { seccompProfile: { type: "Unconfined" } } }, "RuntimeDefault or Localhost"],
    ["SELinux type", { securityContext: { seLinuxOptions: { type: "spc_t" } } }, "container_t"],
    ["process mount", { securityContext: { procMount: "Unmasked" } }, "no such key"],
    [
      "mount over the program",
      { volumeMounts: [{ name: "outrigger-ca", mountPath: "/app" }] },
      "apart from the sidecar's own",
    ],
    [
      "mount over everything",
      { volumeMounts: [{ name: "outrigger-ca", mountPath: "/" }] },
      "apart from the sidecar's own",
    ],
    [
      "mount over the policy",
      { volumeMounts: [{ name: "outrigger-ca", mountPath: "/etc/outrigger/" }] },
      "apart from the sidecar's own",
    ],
    [
      "mount inside the token's place",
      { volumeMounts: [{ name: "outrigger-ca", mountPath: "/var/run/secrets/kubernetes.io/serviceaccount/x" }] },
      "apart from the sidecar's own",
    ],
    ["mount past the root", { volumeMounts: [{ name: "outrigger-ca", mountPath: "/x/../app" }] }, "an absolute path"],
    ["mount of another volume", { volumeMounts: [{ name: "data", mountPath: "/data" }] }, "a volume of the template"],
  ])("refuses in the container: %s", (_name, container, expected) => {
    expect(problemsOf({ container, volumes })).toEqual([expect.stringContaining(expected)]);
  });

  it.each<[string, object, string]>([
    ["volume name of a user's", { volumes: [{ name: "ca", configMap: {} }] }, "a name such as outrigger-ca"],
    ["volume of ours", { volumes: [{ name: "outrigger-config", configMap: {} }] }, "of the sidecar's own"],
    ["folder of the node", { volumes: [{ name: "outrigger-x", hostPath: { path: "/" } }] }, "one of configMap"],
    ["two kinds", { volumes: [{ name: "outrigger-x", configMap: {}, secret: {} }] }, "one of configMap"],
    [
      "our annotation",
      { annotations: { "outrigger.dev/port-mode": "loopback" } },
      "no key that begins with outrigger.dev/",
    ],
    ["our label", { labels: { "outrigger.dev/inject": "enabled" } }, "no key that begins with outrigger.dev/"],
    ["label with blanks", { labels: { team: "two words" } }, "the value of a label"],
    ["number as annotation", { annotations: { a: 1 } }, "a text"],
    ["list of annotations", { annotations: [] }, "an object of texts"],
    ["unknown part", { initContainers: [] }, "no such key; known are container, volumes"],
  ])("refuses beside the container: %s", (_name, template, expected) => {
    const problems = problemsOf(template);
    expect(
      problems.some((problem) => problem.includes(expected)),
      problems.join("; "),
    ).toBe(true);
  });

  it("names every problem at once, with its place", () => {
    const template = { container: { image: "x", env: [{ name: "POD_X" }] }, labels: { "outrigger.dev/x": "y" } };
    expect(problemsOf(template).map((problem) => problem.split(":")[0])).toEqual([
      "sidecarTemplate.container.image",
      "sidecarTemplate.container.env.0.name",
      "sidecarTemplate.labels.outrigger.dev/x",
    ]);
  });
});
