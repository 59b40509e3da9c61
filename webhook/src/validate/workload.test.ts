/** What is said about workloads when they are applied: the decision of their pods, and keys that stand where nobody reads them. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { defaultConfig } from "../inject/config.ts";
import { injectManifest } from "../inject/manifest.ts";
import type { Scope } from "../inject/outcome.ts";
import { toWarnings } from "./remarks.ts";
import { remarkOnWorkload } from "./workload.ts";

const optedIn = { "outrigger.dev/inject": "enabled" };
const app = { name: "app", image: "x", ports: [{ containerPort: 8080 }] };
const plain = { labels: {}, annotations: {} };

interface Parts {
  readonly kind?: string;
  readonly own?: object;
  readonly labels?: object;
  readonly annotations?: object;
  readonly containers?: readonly object[];
}

function workload({ kind = "Deployment", own = {}, labels = optedIn, annotations = {}, containers = [app] }: Parts) {
  const template = { metadata: { labels, annotations }, spec: { containers } };
  const apiVersion = /Job$/.test(kind) ? "batch/v1" : kind === "ReplicationController" ? "v1" : "apps/v1";
  const spec = kind === "CronJob" ? { jobTemplate: { spec: { template } } } : { template };
  return { apiVersion, kind, metadata: { name: "search", ...own }, spec };
}

const remark = (object: unknown, oldObject?: unknown, scope: Scope = "pod", facts = plain) =>
  remarkOnWorkload({ scope, namespace: "tools", object, oldObject }, facts, defaultConfig);
const textsOf = (object: unknown): readonly string[] => toWarnings(remark(object));

const kinds = [
  "Deployment",
  "StatefulSet",
  "DaemonSet",
  "ReplicaSet",
  "ReplicationController",
  "Job",
  "CronJob",
] as const;

describe("remarks on workloads", () => {
  it.each(kinds)("F-021 name all that would have the pods of a %s refused", (kind) => {
    const bad = workload({
      kind,
      annotations: { "outrigger.dev/rate-limit": "60/sec", "outrigger.dev/port-mode": "loop" },
      containers: [{ name: "app", image: "x" }],
    });
    expect(remark(bad)).toMatchObject({ action: "deny", reason: "InvalidAnnotation" });
    const [head, ...lines] = textsOf(bad);
    expect(head).toBe(`Outrigger will refuse the pods of ${kind} "search" for 3 problems:`);
    expect(lines).toHaveLength(3);
    expect(lines.join("\n")).toMatch(/rate-limit="60\/sec": expected .*\[InvalidAnnotation\]/);
    expect(lines.join("\n")).toMatch(/port-mode="loop": expected .*\[InvalidAnnotation\]/);
    expect(lines.join("\n")).toMatch(/\[NoPort\]/);
  });

  it("say nothing about a workload whose pods are injected as they are", () => {
    expect(remark(workload({}))).toEqual({ action: "inject", reason: "Injected", lines: [] });
  });

  it("decide exactly as for the pods, whatever the template holds", () => {
    const value = fc.oneof(fc.constantFrom("8080", "loopback", "60/m", "", "x\u202Ey"), fc.string());
    const key = fc.constantFrom("port", "port-mode", "rate-limit", "transport", "container", "prot");
    const annotations = fc.dictionary(
      key.map((name) => `outrigger.dev/${name}`),
      value,
    );
    const label = fc.constantFrom({}, optedIn, { "outrigger.dev/inject": "disabled" }, { "outrigger.dev/inject": "x" });
    const scope = fc.constantFrom("pod", "namespace", "enforced");
    fc.assert(
      fc.property(fc.constantFrom(...kinds), annotations, label, scope, (kind, given, labels, asked) => {
        const object = workload({ kind, annotations: given, labels });
        const [pods] = injectManifest(object, {
          ...{ namespace: "tools", facts: plain, scope: asked, config: defaultConfig },
        });
        const said = remark(object, undefined, asked);
        expect([said.action, said.reason]).toEqual([pods?.admission.action, pods?.admission.reason]);
        for (const line of toWarnings(said)) expect(line).toMatch(/^[\P{C}]{1,120}$/u);
      }),
    );
  });

  it("tell where a label or annotation belongs that stands on the workload itself", () => {
    const own = { labels: optedIn, annotations: { "outrigger.dev/rate-limit": "60/m" } };
    expect(textsOf(workload({ labels: {}, own }))).toEqual([
      "outrigger.dev/inject belongs on spec.template.metadata.labels [UnknownAnnotation]",
      "outrigger.dev/rate-limit belongs on spec.template.metadata.annotations [UnknownAnnotation]",
    ]);
    expect(textsOf(workload({ kind: "CronJob", labels: {}, own: { labels: optedIn } }))).toEqual([
      "outrigger.dev/inject belongs on spec.jobTemplate.spec.template.metadata.labels [UnknownAnnotation]",
    ]);
  });

  it("leave labels alone that stand on both, as charts write them, and what is read on the workload", () => {
    const own = { labels: optedIn, annotations: { "outrigger.dev/idle-ttl": "10m" } };
    expect(textsOf(workload({ own }))).toEqual([]);
    expect(textsOf(workload({ kind: "DaemonSet", own }))).toEqual([
      "outrigger.dev/idle-ttl is read on deployment and statefulset alone [UnknownAnnotation]",
    ]);
    const short = workload({ own: { annotations: { "outrigger.dev/idle-ttl": "1s" } } });
    expect(textsOf(short).join("")).toMatch(
      /^Deployment: outrigger\.dev\/idle-ttl="1s": expected .* {2}\[InvalidAnnotation\]$/,
    );
  });

  it("tell of annotations on a template that nothing opts in, and of mistyped ones", () => {
    expect(textsOf(workload({ labels: {}, annotations: { "outrigger.dev/port": "8080" } }))).toEqual([
      "outrigger.dev/port does nothing: spec.template.metadata.labels lacks outrigger.dev/inject=enabled [UnknownAnnotation]",
    ]);
    expect(textsOf(workload({ annotations: { "outrigger.dev/prot": "8080" } }))).toEqual([
      "annotation outrigger.dev/prot is not read; did you mean port? [UnknownAnnotation]",
    ]);
  });

  it("F-019 tell that an opt-out will be refused where the namespace enforces, and accept it silently elsewhere", () => {
    const out = workload({ labels: { "outrigger.dev/inject": "disabled" } });
    expect(remark(out, undefined, "enforced")).toMatchObject({ action: "deny", reason: "OptOutRefused" });
    expect(remark(out, undefined, "namespace")).toEqual({ action: "skip", reason: "OptedOut", lines: [] });
  });

  it("are silent about changes of something else: scale, status, annotations of controllers", () => {
    const bad = workload({ containers: [{ name: "app", image: "x" }] });
    const scaled = { ...bad, spec: { ...bad.spec, replicas: 3 }, status: { replicas: 3 } };
    const revised = {
      ...scaled,
      metadata: { ...scaled.metadata, annotations: { "deployment.kubernetes.io/revision": "2" } },
    };
    for (const object of [scaled, revised]) expect(toWarnings(remark(object, bad))).toEqual([]);
    const relabelled = { ...bad, metadata: { ...bad.metadata, labels: optedIn } };
    expect(toWarnings(remark(relabelled, bad))).not.toEqual([]);
    expect(remark(workload({}), bad)).toMatchObject({ action: "inject" });
  });

  it("are none where the namespace is not known yet, or the object holds no template", () => {
    const ask = (object: unknown): object =>
      remarkOnWorkload({ scope: "pod", namespace: "tools", object, oldObject: undefined }, undefined, defaultConfig);
    expect(ask(workload({}))).toEqual({ action: "skip", reason: "NamespaceNotSynced", lines: [] });
    for (const object of [undefined, null, 7, {}, { apiVersion: "v1", kind: "Pod", spec: {} }, { kind: "List" }])
      expect(ask(object)).toEqual({ action: "skip", reason: "NotApplicable", lines: [] });
  });

  it("are at most 20, each of at most 120 characters, and say how many more there are", () => {
    const containers = Array.from({ length: 60 }, (_, index) => ({ name: `outrigger-${"x".repeat(90)}${index}` }));
    const lines = textsOf(workload({ containers: [app, ...containers] }));
    expect(lines).toHaveLength(22);
    expect(lines.at(-1)).toMatch(/^and \d+ more: see outrigger explain$/);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(120);
    expect(lines.join("").length).toBeLessThan(4_096);
  });

  it("show what can't be seen", () => {
    const tricks = {
      "outrigger.dev/p\u043Ert": "1",
      "outrigger.dev/port": "80\u200B80",
      "outrigger.dev/path": "/m\r\ncp",
    };
    const text = textsOf(workload({ annotations: tricks })).join("\n");
    expect(text).toContain("outrigger.dev/p\\u043ert");
    expect(text).toContain("80\\u200b80");
    expect(text).not.toMatch(/\r|\u200B|\u043E/);
  });
});
