/** The five modes: where the sidecar listens, what closes the way round it, how the server's port is found, what a misspelt key says. */
import { appProbesVariable } from "@outrigger/api/app-probe";
import { keyList, keyPrefix } from "@outrigger/api/keys";
import { describe, expect, it } from "vitest";
import { applyPatch } from "../fixtures/apply.ts";
import { patchOf, run } from "../fixtures/random-runs.ts";
import { parseObject, readList, readMember, readObject, readText } from "./read/json.ts";
import { uninject } from "./undo/uninject.ts";

const podWith = (container: object, annotations: Readonly<Record<string, string>>): object => ({
  metadata: {
    name: "search",
    labels: { "outrigger.dev/inject": "enabled" },
    annotations: Object.fromEntries(Object.entries(annotations).map(([key, value]) => [`${keyPrefix}${key}`, value])),
  },
  spec: { containers: [{ name: "app", image: "registry.example.com/app:1", command: ["node"], ...container }] },
});
const inject = (pod: object): unknown => applyPatch(pod, patchOf(run(pod)));
const statusOf = (pod: unknown): unknown =>
  parseObject(readText(readObject(readMember(pod, "metadata"), "annotations"), "outrigger.dev/status"));
const listenOf = (pod: unknown): string | undefined =>
  readText(
    readList(readList(readMember(pod, "spec"), "initContainers")[0], "env").find(
      (item) => readText(item, "name") === "OUTRIGGER_LISTEN",
    ),
    "value",
  );

const http = { ports: [{ name: "http", containerPort: 8_080 }] };
const modes: readonly (readonly [string, Readonly<Record<string, string>>, string, string])[] = [
  ["sidecar-port", { "port-mode": "sidecar-port" }, "policy", "pod:19080,loopback:19080"],
  ["named-port", { "port-mode": "named-port" }, "policy", "pod:19080,loopback:19080"],
  ["loopback", { "port-mode": "loopback" }, "loopback", "pod:8080"],
  ["env", { "port-mode": "env", "host-env": "HOST" }, "loopback", "pod:8080"],
  ["env", { "port-mode": "env", "port-env": "PORT" }, "policy", "pod:8080"],
  ["stdio", { transport: "stdio" }, "stdio", "pod:19080,loopback:19080"],
];

describe("modes", () => {
  it.each(modes)(
    "F-024 %s by %j says that it guarantees %s and has the sidecar at %s",
    (mode, given, guarantee, at) => {
      const pod = inject(podWith(http, given));
      expect(statusOf(pod)).toMatchObject({ mode, guarantee });
      expect(listenOf(pod)).toBe(at);
    },
  );

  it.each(modes.filter(([mode]) => mode !== "stdio"))("F-034 %s by %j finds the server's port", (_mode, given) => {
    const udp = { name: "dns", containerPort: 53, protocol: "UDP" };
    const one = podWith({ ports: [udp, ...http.ports] }, given);
    expect(statusOf(inject(one))).toMatchObject({ port: 8_080 });
    const several = { ports: [...http.ports, { name: "admin", containerPort: 9_090 }] };
    expect(run(podWith(several, given))).toMatchObject({ action: "deny", reason: "AmbiguousPort" });
    for (const port of ["9090", "admin"])
      expect(statusOf(inject(podWith(several, { ...given, port })))).toMatchObject({ port: 9_090 });
    expect(run(podWith({}, given))).toMatchObject({ action: "deny", reason: "NoPort" });
  });

  it("F-024 env by port-env alone has the server's probes asked where the server has moved to, and others where they were", () => {
    const get = (port: number | string): object => ({ httpGet: { path: "/", port } });
    const container = {
      ...http,
      startupProbe: get("http"),
      readinessProbe: { tcpSocket: { port: 8_080 } },
      livenessProbe: get(9_090),
      lifecycle: { postStart: get("8080"), preStop: get(19_083) },
    };
    const pod = podWith(container, { "port-mode": "env", "port-env": "PORT" });
    const once = inject(pod);
    const sidecar = readList(readMember(once, "spec"), "initContainers")[0];
    const probes = readText(
      readList(sidecar, "env").find((item) => readText(item, "name") === appProbesVariable),
      "value",
    );
    const ports = Object.values(parseObject(probes ?? "") ?? {}).map((probe) => readMember(probe, "port"));
    expect(ports).toEqual([19_083, 19_083, 9_090, 19_083, 19_083]);
    expect(run(once)).toMatchObject({ reason: "AlreadyInjected", patch: [] });
    expect(applyPatch(once, uninject(once))).toEqual(pod);
    // Without the record of how they were written they still go back to the ports that they named.
    const status = { mode: "env", container: "app", port: 8_080 };
    const bare = applyPatch(once, [
      { op: "add", path: "/metadata/annotations/outrigger.dev~1status", value: JSON.stringify(status) },
    ]);
    const [app] = readList(readMember(applyPatch(bare, uninject(bare)), "spec"), "containers");
    expect(readMember(app, "startupProbe")).toMatchObject(get(8_080));
    expect(readMember(app, "livenessProbe")).toMatchObject(get(9_090));
    expect(readMember(app, "lifecycle")).toMatchObject({ postStart: get(8_080), preStop: get(19_083) });
  });

  it("F-056 every setting that is misspelt by a letter brings the one that was meant", () => {
    const own = keyList.filter(
      ({ setBy, kind, on }) => setBy === "user" && kind === "annotation" && on.includes("pod"),
    );
    const missed = own.filter(({ key, example }) => {
      const short = key.slice(keyPrefix.length);
      const admission = run(podWith(http, { [`${short}x`]: example }));
      return !admission.warnings.some(
        ({ reason, text }) => reason === "UnknownAnnotation" && text.endsWith(`did you mean ${short}?`),
      );
    });
    expect(missed.map(({ key }) => key)).toEqual([]);
    expect(own.length).toBeGreaterThan(30);
  });
});
