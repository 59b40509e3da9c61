/** What may differ in our container between two rounds, and what counts as tampering. */
import { describe, expect, it } from "vitest";
import { defaultConfig } from "../config.ts";
import { isSameContainer, isSameVolume } from "./subset.ts";

const wanted = {
  name: "outrigger-sidecar",
  image: "sidecar:1",
  imagePullPolicy: "IfNotPresent",
  env: [{ name: "A", value: "1" }],
  resources: { limits: { memory: "1024Mi" }, requests: { cpu: "0.5" } },
  securityContext: { runAsNonRoot: true, capabilities: { drop: ["ALL"] } },
  volumeMounts: [{ name: "x", mountPath: "/x" }],
};
const openshift = { ...defaultConfig, platform: "openshift" } as const;

describe("the sidecar of an earlier round", () => {
  it.each([
    [
      "defaulted and emptied fields",
      { resizePolicy: [{ resourceName: "cpu" }], command: [], stdin: false, lifecycle: null },
    ],
    ["quantities spelt the API server's way", { resources: { limits: { memory: "1Gi" }, requests: { cpu: "500m" } } }],
    [
      "amounts of a LimitRange that we did not set",
      { resources: { limits: { memory: "1Gi", cpu: "1" }, requests: { cpu: "500m" } } },
    ],
    ["a stricter pull policy", { imagePullPolicy: "Always" }],
    [
      "variables of a known injector",
      {
        env: [
          { name: "AWS_REGION", value: "x" },
          { name: "A", value: "1" },
        ],
      },
    ],
    [
      "a mount of a known injector",
      { volumeMounts: [...wanted.volumeMounts, { name: "v", mountPath: "/vault/secrets" }] },
    ],
    ["the default procMount", { securityContext: { ...wanted.securityContext, procMount: "Default" } }],
  ])("is the same with %s", (_name, change) => {
    expect(isSameContainer({ ...wanted, ...change }, wanted, defaultConfig)).toBe(true);
  });

  it.each([
    ["another image", { image: "mine:1" }],
    ["a command", { command: ["sh"] }],
    ["arguments", { args: ["x"] }],
    ["a hook", { lifecycle: { preStop: { exec: { command: ["x"] } } } }],
    ["variables from elsewhere", { envFrom: [{ secretRef: { name: "x" } }] }],
    ["one more variable", { env: [...wanted.env, { name: "NODE_OPTIONS", value: "--require=/x.js" }] }],
    ["the same variable twice", { env: [...wanted.env, { name: "A", value: "2" }] }],
    ["a variable less", { env: [] }],
    ["one more mount", { volumeMounts: [...wanted.volumeMounts, { name: "y", mountPath: "/app" }] }],
    ["a smaller limit", { resources: { ...wanted.resources, limits: { memory: "1Mi" } } }],
    ["a device claim", { resources: { ...wanted.resources, claims: [{ name: "gpu" }] } }],
    ["more rights", { securityContext: { ...wanted.securityContext, privileged: true } }],
    [
      "more capabilities",
      { securityContext: { ...wanted.securityContext, capabilities: { drop: ["ALL"], add: ["NET_ADMIN"] } } },
    ],
    ["an unmasked /proc", { securityContext: { ...wanted.securityContext, procMount: "Unmasked" } }],
    ["a user that only OpenShift may set", { securityContext: { ...wanted.securityContext, runAsUser: 1_000 } }],
  ])("is not the same with %s", (_name, change) => {
    expect(isSameContainer({ ...wanted, ...change }, wanted, defaultConfig)).toBe(false);
  });

  it("F-023 may have its probes and hooks asked by a mesh's agent, which asks the sidecar in turn", () => {
    const timing = { periodSeconds: 5, timeoutSeconds: 1 };
    const own = (path: string): object => ({ httpGet: { path, port: 19_082, scheme: "HTTP" } });
    const guarded = {
      ...wanted,
      readinessProbe: { ...timing, ...own("/readyz") },
      lifecycle: {
        postStart: { exec: { command: ["wait"] } },
        preStop: own("/app-lifecycle/outrigger-sidecar/prestop"),
      },
    };
    const led = (handler: object, probe: object = timing): object => ({
      ...guarded,
      readinessProbe: {
        ...probe,
        httpGet: { path: "/app-health/outrigger-sidecar/readyz", port: 15_020, ...handler },
      },
    });
    const isTaken = (actual: object): boolean => isSameContainer(actual, guarded, defaultConfig);
    const ledHook = { httpGet: { path: "/app-lifecycle/outrigger-sidecar/prestop", port: 15_020, scheme: "HTTP" } };
    expect(isTaken(led({}))).toBe(true);
    expect(isTaken(led({ scheme: "HTTP" }))).toBe(true);
    expect(isTaken({ ...guarded, lifecycle: { ...guarded.lifecycle, preStop: ledHook } })).toBe(true);
    expect(isTaken(led({ port: 8_080 }))).toBe(false);
    expect(isTaken(led({ path: "/app-health/outrigger-sidecar/livez" }))).toBe(false);
    expect(isTaken(led({ path: "/app-health/app/readyz" }))).toBe(false);
    expect(isTaken(led({ host: "192.0.2.1" }))).toBe(false);
    expect(isTaken(led({ scheme: "HTTPS" }))).toBe(false);
    expect(isTaken(led({}, { ...timing, periodSeconds: 3_600 }))).toBe(false);
    expect(isTaken({ ...guarded, startupProbe: { httpGet: ledHook.httpGet } })).toBe(false);
  });

  it("may get its user from OpenShift, but not root", () => {
    const withUser = (runAsUser: number): object => ({
      ...wanted,
      securityContext: { ...wanted.securityContext, runAsUser },
    });
    expect(isSameContainer(withUser(1_000_650_000), wanted, openshift)).toBe(true);
    expect(isSameContainer(withUser(0), wanted, openshift)).toBe(false);
  });

  it("is not the same where there is none", () => {
    expect([undefined, null, "x", []].map((value) => isSameContainer(value, wanted, defaultConfig))).toEqual([
      false,
      false,
      false,
      false,
    ]);
  });
});

describe("our volume", () => {
  const volume = { name: "v", emptyDir: { medium: "Memory", sizeLimit: "1Mi" } };

  it("is the same by amount, and not when it is of another type", () => {
    expect(isSameVolume({ name: "v", emptyDir: { medium: "Memory", sizeLimit: "1048576" } }, volume)).toBe(true);
    expect(isSameVolume({ name: "v", hostPath: { path: "/" } }, volume)).toBe(false);
    expect(isSameVolume({ ...volume, hostPath: { path: "/" } }, volume)).toBe(false);
    expect(isSameVolume({ name: "v", emptyDir: {} }, volume)).toBe(false);
  });
});
