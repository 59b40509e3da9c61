/** The hook that keeps a server running until its calls have ended: where it is planned, for how long, and that it goes again. */
import { appProbesVariable, stopHooksVariable } from "@outrigger/api/app-probe";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { applyPatch } from "../fixtures/apply.ts";
import { labelledPod } from "../fixtures/pods.ts";
import { admit, type Admission } from "./admission.ts";
import { decodeVariable } from "./build/variables.ts";
import { defaultConfig } from "./config.ts";
import { parseObject, readList, readMember, readObject, readText, type JsonObject } from "./read/json.ts";
import { uninject } from "./undo/uninject.ts";

const hookPath = "/app-lifecycle/app/prestop";
const hook = { httpGet: { path: hookPath, port: 19_082, scheme: "HTTP" } };

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

function inject(pod: unknown): unknown {
  const admission = run(pod);
  if (admission.action !== "inject") throw new Error(`not injected: ${JSON.stringify(admission)}`);
  return applyPatch(pod, admission.patch);
}

interface PodParts {
  readonly annotations?: Readonly<Record<string, string>>;
  readonly app?: object;
  readonly spec?: object;
}

const podWith = ({ annotations = {}, app = {}, spec = {} }: PodParts): unknown => ({
  metadata: { labels: { "outrigger.dev/inject": "enabled" }, annotations },
  spec: { ...spec, containers: [{ name: "app", image: "app:1", ports: [{ containerPort: 8080 }], ...app }] },
});

const appOf = (pod: unknown): unknown =>
  readList(readMember(pod, "spec"), "containers").find((each) => readText(each, "name") === "app");
const lifecycleOf = (pod: unknown): unknown => readMember(appOf(pod), "lifecycle");

/** The hooks; an empty object of them, and null in the place of one, say the same as none. */
const hooksOf = (pod: unknown): readonly unknown[] =>
  Object.entries(lifecycleOf(pod) ?? {}).filter(([, value]) => value !== null);

/** What the sidecar is told about the hook in one of its variables. */
function readTold(pod: unknown, name: string): unknown {
  const [sidecar] = readList(readMember(pod, "spec"), "initContainers");
  const variable = readList(sidecar, "env").find((each) => readText(each, "name") === name);
  return readMember(parseObject(decodeVariable(readText(variable, "value") ?? "{}")), hookPath);
}

/** How many seconds the sidecar may wait before it answers the hook. */
const waitOf = (pod: unknown): unknown => readTold(pod, stopHooksVariable);

/** What the sidecar runs for the hook: the author's own. */
const ownOf = (pod: unknown): unknown => readTold(pod, appProbesVariable);

const loopback = { "outrigger.dev/port-mode": "loopback" };
const ownHttp = { preStop: { httpGet: { path: "/bye", port: 8080 } } };

describe("the hook before a server's end", () => {
  it.each([
    ["sidecar-port", {}, {}],
    ["loopback", loopback, {}],
    ["env", { "outrigger.dev/port-mode": "env", "outrigger.dev/host-env": "HOST" }, {}],
    ["named-port", { "outrigger.dev/port-mode": "named-port" }, { ports: [{ name: "mcp", containerPort: 8080 }] }],
    ["loopback with kept probes", { ...loopback, "outrigger.dev/probes": "keep" }, {}],
    ["stdio", { "outrigger.dev/transport": "stdio" }, { command: ["serve"] }],
  ])("is there in mode %s, and the sidecar knows it", (_mode, annotations, app) => {
    const pod = inject(podWith({ annotations, app }));
    expect(lifecycleOf(pod)).toEqual({ preStop: hook });
    expect([waitOf(pod), ownOf(pod)]).toEqual([20, undefined]);
  });

  it.each([
    ["the default of both", undefined, undefined, 20],
    ["fewer seconds by annotation", "7", undefined, 7],
    ["two thirds of a short grace period", undefined, 10, 6],
    ["no more than two thirds, whatever the annotation says", "3600", 30, 20],
    ["all the seconds that a long grace period has room for", "300", 600, 300],
  ])("takes %s", (_case, drain, terminationGracePeriodSeconds, limitSeconds) => {
    const annotations = drain === undefined ? {} : { "outrigger.dev/drain-seconds": drain };
    const spec = terminationGracePeriodSeconds === undefined ? {} : { terminationGracePeriodSeconds };
    expect(waitOf(inject(podWith({ annotations, spec })))).toBe(limitSeconds);
  });

  it.each([
    ["drain-seconds is 0", { annotations: { "outrigger.dev/drain-seconds": "0" } }],
    ["the grace period leaves no whole second", { spec: { terminationGracePeriodSeconds: 1 } }],
  ])("is not there where %s", (_case, parts) => {
    const pod = inject(podWith(parts));
    expect(lifecycleOf(pod)).toBeUndefined();
    expect([waitOf(pod), ownOf(pod)]).toEqual([undefined, undefined]);
  });

  it.each([
    ["exec", {}, { preStop: { exec: { command: ["nginx", "-s", "quit"] } } }],
    ["sleep", loopback, { preStop: { sleep: { seconds: 5 } } }],
    ["httpGet that the kubelet can run itself", {}, ownHttp],
    ["httpGet that is kept", { ...loopback, "outrigger.dev/probes": "keep" }, ownHttp],
  ])("leaves a hook of the author's alone: %s", (_case, annotations, lifecycle) => {
    const pod = inject(podWith({ annotations, app: { lifecycle } }));
    expect(lifecycleOf(pod)).toEqual(lifecycle);
    expect([waitOf(pod), ownOf(pod)]).toEqual([undefined, undefined]);
  });

  it("has the sidecar wait before it runs a hook that is led through it", () => {
    const pod = inject(podWith({ annotations: loopback, app: { lifecycle: ownHttp } }));
    expect(lifecycleOf(pod)).toEqual({ preStop: hook });
    expect(waitOf(pod)).toBe(20);
    expect(ownOf(pod)).toEqual({ kind: "http", port: 8080, path: "/bye", scheme: "HTTP" });
  });

  it("stands beside a postStart hook", () => {
    const postStart = { exec: { command: ["warm-up"] } };
    expect(lifecycleOf(inject(podWith({ app: { lifecycle: { postStart } } })))).toEqual({ postStart, preStop: hook });
  });

  it("F-023 leaves a hook alone that a mesh's agent had taken over before, whose path is the same", () => {
    const preStop = { httpGet: { path: hookPath, port: 15_020, scheme: "HTTP" } };
    const pod = podWith({ app: { lifecycle: { preStop } } });
    const once = inject(pod);
    expect(lifecycleOf(once)).toEqual({ preStop });
    expect([waitOf(once), ownOf(once)]).toEqual([undefined, undefined]);
    expect(run(once)).toMatchObject({ reason: "AlreadyInjected", patch: [] });
    const later = applyPatch(once, [{ op: "add", path: "/spec/containers/-", value: { name: "agent", image: "a:1" } }]);
    expect(lifecycleOf(inject(later))).toEqual({ preStop });
    expect(lifecycleOf(applyPatch(once, uninject(once)))).toEqual({ preStop });
  });

  it("F-023 is left to a mesh's agent that takes it over afterwards, and goes with the sidecar", () => {
    const led = applyPatch(inject(podWith({})), [
      { op: "replace", path: "/spec/containers/0/lifecycle/preStop/httpGet/port", value: 15_020 },
    ]);
    expect(run(led)).toMatchObject({ reason: "AlreadyInjected", patch: [] });
    expect(waitOf(led)).toBe(20);
    expect(lifecycleOf(applyPatch(led, uninject(led)))).toBeUndefined();
  });

  it("is told to the sidecar also in a pod that was copied from an injected one without its status", () => {
    const copied = podWith({ app: { lifecycle: { preStop: hook } } });
    expect(waitOf(inject(copied))).toBe(20);
  });

  it("takes what another round put at its place for its own, and goes as it came", () => {
    fc.assert(
      fc.property(labelledPod, lifecycles, graces, (base, lifecycle, grace) => {
        const pod = applyPatch(base, [...setMember(base, "lifecycle", lifecycle), ...setGrace(grace)]);
        fc.pre(run(pod).action === "inject" && run(withoutWait(pod)).action === "inject");
        const injected = inject(pod);
        expect(run(injected)).toMatchObject({ reason: "AlreadyInjected", patch: [] });
        const taken = inject(withoutWait(injected));
        expect(hooksOf(taken)).toEqual(hooksOf(inject(withoutWait(pod))));
        expect(waitOf(taken)).toBeUndefined();
      }),
      { numRuns: 300 },
    );
  });

  it("is told to the sidecar exactly where the pod has it, with less than the pod's grace period", () => {
    fc.assert(
      fc.property(labelledPod, lifecycles, graces, (base, lifecycle, grace) => {
        const pod = applyPatch(base, [...setMember(base, "lifecycle", lifecycle), ...setGrace(grace)]);
        fc.pre(run(pod).action === "inject");
        const injected = inject(pod);
        const preStop = readObject(lifecycleOf(injected), "preStop");
        const wait = waitOf(injected);
        const isTold = wait !== undefined || ownOf(injected) !== undefined;
        expect(readText(readMember(preStop, "httpGet"), "path") === hookPath).toBe(isTold);
        if (wait !== undefined) expect(wait).toBeLessThan(grace);
      }),
      { numRuns: 300 },
    );
  });
});

const exec = { exec: { command: ["true"] } };
const lifecycles = fc.constantFrom<JsonObject | null>(
  null,
  {},
  { postStart: exec },
  { preStop: exec },
  { preStop: null, stopSignal: "SIGUSR1" },
  ownHttp,
  { postStart: { httpGet: { path: "/hi", port: 8080 } }, preStop: { httpGet: { path: "/bye", port: "8080" } } },
);
const graces = fc.integer({ min: 0, max: 120 });

type Patch = Parameters<typeof applyPatch>[1];

function setMember(pod: unknown, key: string, value: unknown): Patch {
  const index = readList(readMember(pod, "spec"), "containers").indexOf(appOf(pod));
  return [{ op: "add", path: `/spec/containers/${index}/${key}`, value }];
}

const setGrace = (value: number): Patch => [{ op: "add", path: "/spec/terminationGracePeriodSeconds", value }];

/** The same pod with a word that asks for no wait. */
function withoutWait(pod: unknown): unknown {
  const annotations = readObject(readMember(pod, "metadata"), "annotations");
  const value = { ...annotations, "outrigger.dev/drain-seconds": "0" };
  return applyPatch(pod, [{ op: "add", path: "/metadata/annotations", value }]);
}
