/** Second rounds: what others did to an injected pod in between, and what is made of it. */
import { describe, expect, it } from "vitest";
import { applyPatch } from "../fixtures/apply.ts";
import { admit, type Admission } from "./admission.ts";
import { defaultConfig } from "./config.ts";
import type { Operation } from "./outcome.ts";
import { isObject, readList, readMember, readText } from "./read/json.ts";

const run = (pod: unknown): Admission =>
  admit(
    {
      scope: "pod",
      operation: "CREATE",
      kind: { group: "", version: "v1", kind: "Pod" },
      subResource: "",
      namespace: "tools",
      userGroups: [],
      pod,
    },
    { namespace: { labels: {}, annotations: {} }, installation: {} },
    defaultConfig,
  );

function injectOnce(annotations: object = {}, container: object = {}): unknown {
  const app = { name: "app", image: "x", ports: [{ name: "http", containerPort: 8080 }], ...container };
  const pod = {
    metadata: { name: "search", labels: { "outrigger.dev/inject": "enabled" }, annotations },
    spec: { containers: [app] },
  };
  return applyPatch(pod, patchOf(run(pod)));
}

function patchOf(admission: Admission): readonly Operation[] {
  if (admission.action !== "inject") throw new Error(`not injected: ${JSON.stringify(admission)}`);
  return admission.patch;
}

const initNames = (pod: unknown): (string | undefined)[] =>
  readList(readMember(pod, "spec"), "initContainers").map((each) => readText(each, "name"));

const addInit = (pod: unknown, ...containers: object[]): unknown =>
  containers.reduce(
    (value, each) => applyPatch(value, [{ op: "add", path: "/spec/initContainers/0", value: each }]),
    pod,
  );

describe("a second round", () => {
  it("F-020 moves the sidecar before a plain init container that came in front", () => {
    const disturbed = addInit(injectOnce(), { name: "late", image: "x" });
    const patch = patchOf(run(disturbed));
    expect(patch.map((operation) => operation.op)).toEqual(["test", "move"]);
    expect(initNames(applyPatch(disturbed, patch))).toEqual(["outrigger-sidecar", "late"]);
  });

  it.each([
    ["another native sidecar", { name: "late", image: "x", restartPolicy: "Always" }],
    ["an init container that sets up the network", { name: "istio-init", image: "x" }],
  ])("leaves %s in front, so that two injectors don't swap places for ever", (_name, container) => {
    expect(run(addInit(injectOnce(), container))).toMatchObject({ reason: "AlreadyInjected", patch: [] });
  });

  it("F-020 keeps one sidecar where there are two of its name", () => {
    const pod = injectOnce();
    const disturbed = addInit(pod, { name: "outrigger-sidecar", image: "registry.example.com/mine:1" });
    const repaired = applyPatch(disturbed, patchOf(run(disturbed)));
    expect(repaired).toEqual(pod);
  });

  it("F-020 puts back what another webhook took out of the sidecar", () => {
    const pod = injectOnce();
    const disturbed = applyPatch(pod, [{ op: "remove", path: "/spec/initContainers/0/securityContext" }]);
    expect(run(disturbed)).toMatchObject({ reason: "Reinjected" });
    expect(applyPatch(disturbed, patchOf(run(disturbed)))).toEqual(pod);
  });

  it("finds nothing to do after the API server spelt quantities its own way", () => {
    const pod = injectOnce({
      "outrigger.dev/sidecar-cpu-request": "0.5",
      "outrigger.dev/sidecar-memory-limit": "1024Mi",
    });
    const respelt = applyPatch(pod, [
      { op: "replace", path: "/spec/initContainers/0/resources/requests/cpu", value: "500m" },
      { op: "replace", path: "/spec/initContainers/0/resources/limits/memory", value: "1Gi" },
    ]);
    expect(run(respelt)).toMatchObject({ reason: "AlreadyInjected", patch: [] });
  });

  it("leaves a probe alone that an agent took over after us, and still knows where it leads", () => {
    const probe = { readinessProbe: { httpGet: { path: "/ready", port: "http" } } };
    const pod = injectOnce({ "outrigger.dev/port-mode": "loopback" }, probe);
    const takenOver = applyPatch(pod, [
      { op: "replace", path: "/spec/containers/0/readinessProbe/httpGet/port", value: 15_020 },
    ]);
    expect(run(takenOver)).toMatchObject({ reason: "AlreadyInjected", patch: [] });
  });

  it("gives a probe back when its port mode no longer needs the detour", () => {
    const probe = { livenessProbe: { tcpSocket: { port: 8080 }, timeoutSeconds: 3 } };
    const pod = injectOnce({ "outrigger.dev/port-mode": "loopback" }, probe);
    const changed = applyPatch(pod, [
      { op: "replace", path: "/metadata/annotations/outrigger.dev~1port-mode", value: "sidecar-port" },
    ]);
    const container = readList(readMember(applyPatch(changed, patchOf(run(changed))), "spec"), "containers")[0];
    expect(readMember(container, "livenessProbe")).toEqual({ tcpSocket: { port: 8080 }, timeoutSeconds: 3 });
  });

  it("gives a port its name back when port mode named-port is left", () => {
    const pod = injectOnce({ "outrigger.dev/port-mode": "named-port" });
    const changed = applyPatch(pod, [
      { op: "replace", path: "/metadata/annotations/outrigger.dev~1port-mode", value: "loopback" },
    ]);
    const container = readList(readMember(applyPatch(changed, patchOf(run(changed))), "spec"), "containers")[0];
    expect(readMember(container, "ports")).toEqual([{ name: "http", containerPort: 8080 }]);
  });

  it("remembers which container is the server after another one was added", () => {
    const disturbed = applyPatch(injectOnce(), [
      { op: "add", path: "/spec/containers/0", value: { name: "agent", image: "x", ports: [{ containerPort: 9000 }] } },
    ]);
    expect(run(disturbed)).toMatchObject({ reason: "AlreadyInjected", patch: [] });
  });

  it("refuses a copied manifest whose status is gone: the names could be anybody's", () => {
    const pod = applyPatch(injectOnce(), [{ op: "remove", path: "/metadata/annotations/outrigger.dev~1status" }]);
    expect(run(pod)).toMatchObject({ action: "deny", reason: "ReservedName" });
  });

  it("never believes a status that names containers of others", () => {
    const status = JSON.stringify({ containers: ["migrate"], volumes: ["data"], container: "agent", port: 1 });
    const disturbed = applyPatch(addInit(injectOnce(), { name: "migrate", image: "x" }), [
      { op: "add", path: "/metadata/annotations/outrigger.dev~1status", value: status },
      { op: "add", path: "/spec/volumes/-", value: { name: "data", emptyDir: {} } },
    ]);
    const repaired = applyPatch(disturbed, patchOf(run(disturbed)));
    expect(initNames(repaired)).toEqual(["outrigger-sidecar", "migrate"]);
    expect(readList(readMember(repaired, "spec"), "volumes").map((each) => readText(each, "name"))).toContain("data");
    expect(isObject(repaired)).toBe(true);
  });
});
