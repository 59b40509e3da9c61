/** Properties of injection over random pods. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { applyPatch } from "../fixtures/apply.ts";
import { findViolations } from "../fixtures/pod-security.ts";
import { anyInstallation, anyPod, labelledPod } from "../fixtures/pods.ts";
import { patchOf, run, withMode } from "../fixtures/random-runs.ts";
import { scopes, type Operation } from "./outcome.ts";
import { isObject, readInteger, readList, readMember, readText } from "./read/json.ts";

/** User paths that may be replaced or removed, and those that may be added to. */
const mayChange =
  /^\/spec\/containers\/\d+\/((startupProbe|readinessProbe|livenessProbe)\/(httpGet|tcpSocket|grpc)(\/port)?|lifecycle\/(postStart|preStop)\/httpGet(\/port)?|ports(\/\d+\/name)?|command|stdin|stdinOnce|tty)$/;
const mayAdd = [
  /^\/metadata(\/(labels|annotations)(\/(outrigger\.dev|kubectl\.kubernetes\.io)~1[a-z-]+)?)?$/,
  /^\/spec\/(volumes|imagePullSecrets)(\/-)?$/,
  /^\/spec\/initContainers(\/[01])?$/,
  /^\/spec\/containers\/\d+\/(env|volumeMounts)(\/-)?$/,
  /^\/spec\/containers\/\d+\/(command|readinessProbe|lifecycle(\/preStop)?)$/,
  /^\/spec\/containers\/\d+\/(startupProbe|readinessProbe|livenessProbe)\/(httpGet|timeoutSeconds)$/,
  /^\/spec\/containers\/\d+\/ports\/\d+\/name$/,
];

/** What only Outrigger may say. */
const isOwnAnnotation = (path: string): boolean =>
  /^\/metadata\/annotations\/outrigger\.dev~1(policy|enforced)$/.test(path);

function isAllowed(operation: Operation): boolean {
  if (operation.op === "test") return true;
  if (operation.op === "add") return mayAdd.some((pattern) => pattern.test(operation.path));
  return mayChange.test(operation.path) || (operation.op === "remove" && isOwnAnnotation(operation.path));
}

describe("injection of random pods", () => {
  it("F-020 never throws and always names a reason, whatever stands in the place of a pod", () => {
    fc.assert(
      fc.property(anyPod, fc.constantFrom(...scopes), (pod, scope) => {
        expect(run(pod, { scope }).reason).toMatch(/^[A-Z][A-Za-z]+$/);
      }),
      { numRuns: 1_000 },
    );
  });

  it("both injects and refuses often enough to mean something", () => {
    const actions = fc.sample(labelledPod, 400).map((pod) => run(pod).action);
    expect(actions.filter((action) => action === "inject").length).toBeGreaterThan(60);
    expect(actions.filter((action) => action === "deny").length).toBeGreaterThan(60);
  });

  it("F-020 patches apply, and a second run finds nothing to do", () => {
    fc.assert(
      fc.property(labelledPod, anyInstallation, (pod, installation) => {
        const admission = run(pod, { installation });
        fc.pre(admission.action === "inject");
        const patched = applyPatch(pod, admission.patch);
        expect(run(patched, { installation })).toMatchObject({
          action: "inject",
          reason: "AlreadyInjected",
          patch: [],
        });
      }),
      { numRuns: 300 },
    );
  });

  it("F-020 forgets an earlier port mode or transport: the sidecar is the one of a pod that never had it", () => {
    fc.assert(
      fc.property(labelledPod, fc.constantFrom("sidecar-port", "loopback", "named-port", "stdio"), (pod, mode) => {
        const before = run(pod);
        const fresh = run(withMode(pod, mode));
        const after = run(withMode(applyPatch(pod, patchOf(before)), mode));
        fc.pre(before.action === "inject" && fresh.action === "inject" && after.action === "inject");
        const expected = applyPatch(withMode(pod, mode), fresh.patch);
        const switched = applyPatch(withMode(applyPatch(pod, before.patch), mode), after.patch);
        expect(oursOf(switched)).toEqual(oursOf(expected));
        expect(commandsOf(switched)).toEqual(commandsOf(expected));
        expect(run(switched)).toMatchObject({ reason: "AlreadyInjected", patch: [] });
      }),
      { numRuns: 300 },
    );
  });

  it("F-020 touches allow-listed paths only", () => {
    fc.assert(
      fc.property(labelledPod, (pod) => {
        expect(patchOf(run(pod)).filter((operation) => !isAllowed(operation))).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  it("F-020 keeps unknown fields, and writes back no number that a user wrote", () => {
    fc.assert(
      fc.property(labelledPod, (pod) => {
        const admission = run(pod);
        fc.pre(admission.action === "inject");
        const patched = applyPatch(pod, admission.patch);
        expect(findLost(pod, patched, "")).toEqual([]);
        expect(JSON.stringify(admission.patch)).not.toMatch(/9007199254740993|1e\+300/);
      }),
      { numRuns: 300 },
    );
  });

  it("passes the restricted Pod Security Standard wherever the pod passed before", () => {
    fc.assert(
      fc.property(labelledPod, (pod) => {
        fc.pre(findViolations(pod).length === 0);
        const admission = run(pod);
        fc.pre(admission.action === "inject");
        expect(findViolations(applyPatch(pod, admission.patch))).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  it("leaves names and ports unique", () => {
    fc.assert(
      fc.property(labelledPod, (pod) => {
        const admission = run(pod);
        fc.pre(admission.action === "inject");
        const spec = readMember(applyPatch(pod, admission.patch), "spec");
        const containers = [...readList(spec, "initContainers"), ...readList(spec, "containers")];
        const names = containers.map((container) => readText(container, "name"));
        const volumes = readList(spec, "volumes").map((volume) => readText(volume, "name"));
        const ours = readList(containers[0], "ports").map((port) => readInteger(port, "containerPort"));
        const theirs = containers.slice(1).flatMap((each) => readList(each, "ports").map((port) => tcpPort(port)));
        expect(new Set(names).size).toBe(names.length);
        expect(new Set(volumes).size).toBe(volumes.length);
        expect(ours.filter((port) => theirs.includes(port))).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });
});

/** Our containers and volumes. */
function oursOf(pod: unknown): unknown {
  const isOurs = (each: unknown): boolean => readText(each, "name")?.startsWith("outrigger-") === true;
  const spec = readMember(pod, "spec");
  return [readList(spec, "initContainers").filter(isOurs), readList(spec, "volumes").filter(isOurs)];
}

/** An empty command says the same as none. */
const commandsOf = (pod: unknown): unknown[] =>
  readList(readMember(pod, "spec"), "containers").map((container) => readList(container, "command"));

const tcpPort = (port: unknown): number | undefined =>
  readText(port, "protocol") === "UDP" ? undefined : readInteger(port, "containerPort");

/** Paths under which something of the original is gone or different, apart from what injection may change. */
function findLost(before: unknown, after: unknown, path: string): string[] {
  if (before === null || mayChange.test(path) || /timeoutSeconds$/.test(path)) return [];
  if (Array.isArray(before)) {
    const kept = Array.isArray(after) ? after : [];
    const offset = path === "/spec/initContainers" ? kept.length - before.length : 0;
    return before.flatMap((item, index) => findLost(item, kept[index + offset], `${path}/${index}`));
  }
  if (!isObject(before)) return Object.is(before, after) ? [] : [path];
  if (!isObject(after)) return [path];
  return Object.keys(before)
    .filter((key) => !/^outrigger\.dev\/(status|policy|enforced)$/.test(key) && before[key] !== null)
    .flatMap((key) =>
      Object.hasOwn(after, key) ? findLost(before[key], after[key], `${path}/${key}`) : findGone(path, key),
    );
}

const findGone = (path: string, key: string): string[] => (mayChange.test(`${path}/${key}`) ? [] : [`${path}/${key}`]);
