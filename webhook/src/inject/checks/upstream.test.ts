/** What is told of servers that speak TLS, and of containers that lead past the sidecar. */
import { describe, expect, it } from "vitest";
import { run } from "../../fixtures/random-runs.ts";
import type { JsonObject } from "../read/json.ts";

interface PodParts {
  readonly app?: object;
  readonly other?: object;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly init?: readonly object[];
}

const podWith = ({ app = {}, other, annotations = {}, init = [] }: PodParts): JsonObject => ({
  metadata: {
    name: "search",
    labels: { "outrigger.dev/inject": "enabled" },
    annotations: { "outrigger.dev/container": "app", ...annotations },
  },
  spec: {
    initContainers: init,
    containers: [
      { name: "app", image: "app:1", command: ["serve"], ports: [{ name: "mcp", containerPort: 8_080 }], ...app },
      ...(other === undefined ? [] : [{ name: "other", image: "other:1", ...other }]),
    ],
  },
});

const told = (reason: string, parts: PodParts): readonly string[] =>
  run(podWith(parts))
    .warnings.filter((warning) => warning.reason === reason)
    .map(({ text }) => text);

describe("a server that speaks TLS", () => {
  const probe = (port: unknown, scheme = "HTTPS"): object => ({ httpGet: { path: "/", port, scheme } });

  it.each([["mcp"], [8_080], ["8080"]])("is told by a probe of its own port, %j, by HTTPS", (port) => {
    expect(told("ServerSpeaksTls", { app: { livenessProbe: probe(port) } })).toEqual([
      "livenessProbe asks port 8080 by HTTPS: the sidecar speaks plain HTTP to the server there",
    ]);
  });

  it("is told by a hook as well", () => {
    expect(told("ServerSpeaksTls", { app: { lifecycle: { preStop: probe("mcp") } } })).toHaveLength(1);
  });

  it.each([
    ["plain HTTP", { readinessProbe: probe(8_080, "HTTP") }, {}],
    ["HTTPS at another port", { readinessProbe: probe(8_443) }, {}],
    ["no HTTP at all", { readinessProbe: { tcpSocket: { port: 8_080 } } }, {}],
    ["stdio", { readinessProbe: probe(8_080) }, { "outrigger.dev/transport": "stdio" }],
  ])("is not told of %s", (_case, app, annotations) => {
    expect(told("ServerSpeaksTls", { app, annotations })).toEqual([]);
  });
});

describe("a container that forwards to the server", () => {
  const forwards = (by: string): string[] => [
    `container "other" (${by}) forwards to port 8080 past the sidecar, which is on 19080`,
  ];

  it.each([
    ["one argument", { args: ["--upstream=http://127.0.0.1:8080/"] }],
    ["one dash", { args: ["-upstream=http://localhost:8080"] }],
    ["two arguments", { command: ["/bin/oauth2-proxy", "--upstream", "http://[::1]:8080"] }],
    ["one of several", { args: ["--upstream=http://elsewhere:8080,http://127.0.0.1:8080/mcp"] }],
    ["a variable", { env: [{ name: "OAUTH2_PROXY_UPSTREAMS", value: "https://localhost:8080" }] }],
  ])("is told by its upstream in %s", (_case, other) => {
    expect(told("ForwardsPastSidecar", { other })).toEqual(forwards("--upstream"));
  });

  it.each([
    ["another host", { args: ["--upstream=http://search.tools:8080"] }],
    ["another port", { args: ["--upstream=http://127.0.0.1:19080"] }],
    ["no port", { args: ["--upstream=http://127.0.0.1"] }],
    ["another flag", { args: ["--upstream-timeout=http://127.0.0.1:8080"] }],
    ["no address", { args: ["--upstream=static://200", "--upstream"] }],
    [
      "what is no text",
      { args: [8_080, null], command: "x", env: [{ name: "OAUTH2_PROXY_UPSTREAMS", valueFrom: {} }] },
    ],
  ])("is not told by an upstream with %s", (_case, other) => {
    expect(told("ForwardsPastSidecar", { other })).toEqual([]);
  });

  it("is told by the default port of its scheme", () => {
    const app = { ports: [{ containerPort: 80 }] };
    expect(told("ForwardsPastSidecar", { app, other: { args: ["--upstream=http://localhost"] } })).toHaveLength(1);
    expect(told("ForwardsPastSidecar", { app, other: { args: ["--upstream=https://localhost"] } })).toEqual([]);
  });

  it("is told where it is Knative's, by that name alone, also as a native sidecar", () => {
    const env = [{ name: "USER_PORT", value: "8080" }];
    const queue = { name: "queue-proxy", image: "queue:1", env };
    const text = 'container "queue-proxy" (USER_PORT) forwards to port 8080 past the sidecar, which is on 19080';
    expect(told("ForwardsPastSidecar", { other: queue })).toEqual([text]);
    expect(told("ForwardsPastSidecar", { init: [{ ...queue, restartPolicy: "Always" }] })).toEqual([text]);
    expect(told("ForwardsPastSidecar", { init: [queue] })).toEqual([]);
    expect(told("ForwardsPastSidecar", { other: { env } })).toEqual([]);
  });

  it("is told where Dapr is switched on and has the server's port", () => {
    const annotations = { "dapr.io/enabled": "true", "dapr.io/app-port": "8080" };
    expect(told("ForwardsPastSidecar", { annotations })).toEqual([
      "Dapr (annotation dapr.io/app-port) forwards to port 8080 past the sidecar, which is on 19080",
    ]);
    expect(told("ForwardsPastSidecar", { annotations: { ...annotations, "dapr.io/app-port": "3000" } })).toEqual([]);
    expect(told("ForwardsPastSidecar", { annotations: { ...annotations, "dapr.io/enabled": "false" } })).toEqual([]);
  });

  it("names nothing better where the sidecar is not on loopback, and nobody where the server has moved or has no port", () => {
    const other = { args: ["--upstream=http://127.0.0.1:8080"] };
    const of = (annotations: Readonly<Record<string, string>>): readonly string[] =>
      told("ForwardsPastSidecar", { other, annotations });
    expect(of({ "outrigger.dev/port-mode": "loopback" })).toEqual([
      'container "other" (--upstream) forwards to port 8080 past the sidecar',
    ]);
    expect(of({ "outrigger.dev/port-mode": "env", "outrigger.dev/port-env": "PORT" })).toEqual([]);
    expect(of({ "outrigger.dev/transport": "stdio" })).toEqual([]);
  });
});
