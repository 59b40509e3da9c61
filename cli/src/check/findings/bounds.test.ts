import fc from "fast-check";
import { readQuantity } from "@outrigger/webhook/inject";
import { describe, expect, it } from "vitest";
import type { LimitItem, NamespaceBounds, PodResources, QuotaFacts } from "../facts.ts";
import type { Finding } from "../finding.ts";
import { findLimitMisfits, findQuotaMisfits } from "./bounds.ts";
import { factsOf, workload } from "./facts-of.ts";
import { fit, isWithin, type Bounds } from "./fit.ts";
import { judgeLimits } from "./limits.ts";

const resources: PodResources = workload.resources!;
const item = (change: Partial<LimitItem>): LimitItem => ({
  object: "LimitRange bounds",
  type: "Container",
  min: {},
  max: {},
  default: {},
  ratio: {},
  ...change,
});
const quota = (hard: QuotaFacts["hard"], used: QuotaFacts["used"] = {}): QuotaFacts => ({
  object: "ResourceQuota team",
  hard,
  used,
});

describe("a LimitRange", () => {
  it.each<[string, Partial<LimitItem>, Readonly<Record<string, string>>]>([
    [
      "asks for more memory",
      { min: { memory: "256Mi" } },
      { "sidecar-memory-request": "256Mi", "sidecar-memory-limit": "256Mi" },
    ],
    ["asks for more CPU", { min: { cpu: "100m" } }, { "sidecar-cpu-request": "100m" }],
    ["allows less memory", { max: { memory: "128Mi" } }, { "sidecar-memory-limit": "128Mi" }],
    [
      "allows less of both",
      { max: { memory: "32Mi" } },
      { "sidecar-memory-request": "32Mi", "sidecar-memory-limit": "32Mi" },
    ],
    ["bounds the ratio of memory", { ratio: { memory: "2" } }, { "sidecar-memory-request": "80Mi" }],
    [
      "gives a limit by default that is too far from the request",
      { default: { cpu: "1" }, ratio: { cpu: 4 } },
      { "sidecar-cpu-limit": "200m" },
    ],
    ["makes its maximum the limit", { max: { cpu: "2" }, ratio: { cpu: "10" } }, { "sidecar-cpu-limit": "500m" }],
    ["leaves a limit below the request", { default: { cpu: "20m" } }, { "sidecar-cpu-request": "20m" }],
  ])("that %s is told with the annotations that mend it", (_what, change, expected) => {
    const [misfit, ...more] = findLimitMisfits(resources, [item(change)]);
    expect(more).toEqual([]);
    expect(misfit?.text).toContain("does not fit LimitRange bounds");
    const mends = Object.fromEntries(Object.entries(expected).map(([key, value]) => [`outrigger.dev/${key}`, value]));
    expect(misfit?.mends).toEqual(mends);
  });

  it("that the sidecar fits into is not told of", () => {
    const roomy = item({ min: { cpu: "10m", memory: "16Mi" }, max: { cpu: "4", memory: "1Gi" } });
    expect(findLimitMisfits(resources, [roomy, item({ type: "PersistentVolumeClaim", max: { memory: "1" } })])).toEqual(
      [],
    );
  });

  it("over whole pods counts every container", () => {
    const pod: PodResources = { ...resources, others: [{ requests: {}, limits: { memory: "900Mi" } }] };
    const whole = item({ type: "Pod", max: { memory: "1Gi" } });
    expect(findLimitMisfits(resources, [whole])).toEqual([]);
    expect(findLimitMisfits(pod, [whole]).map(({ text }) => text)).toEqual([
      "the pod with the sidecar has more memory than LimitRange bounds allows: at most 1Gi for a whole pod",
    ]);
  });
});

describe("fitting", () => {
  const amount = fc.integer({ min: 1, max: 4_000 }).map((milli) => `${milli}m`);
  const bounds = fc.record({
    least: fc.option(amount, { nil: undefined }),
    most: fc.option(amount, { nil: undefined }),
    ratio: fc.option(fc.integer({ min: 1, max: 20 }).map(String), { nil: undefined }),
  });
  const isPossible = ({ least, most }: Bounds): boolean =>
    least === undefined || most === undefined || readQuantity(least)! <= readQuantity(most)!;

  it("always gives what the bounds allow, and changes nothing where nothing has to change", () => {
    fc.assert(
      fc.property(bounds.filter(isPossible), amount, amount, (given, request, limit) => {
        const fitted = fit({ request, limit }, [given], "cpu");
        expect(isWithin(fitted, given, "cpu")).toBe(true);
        const [from, to] = [readQuantity(fitted.request)!, readQuantity(fitted.limit)!];
        expect(from).toBeLessThanOrEqual(to + 1e-9);
        if (given.least !== undefined) expect(from).toBeGreaterThanOrEqual(readQuantity(given.least)! - 1e-9);
        if (given.most !== undefined) expect(to).toBeLessThanOrEqual(readQuantity(given.most)! + 1e-9);
        if (given.ratio !== undefined) expect(to / from).toBeLessThanOrEqual(Number(given.ratio) * (1 + 1e-6));
      }),
    );
  });
});

describe("a ResourceQuota", () => {
  it("that counts CPU limits refuses a sidecar without one", () => {
    expect(findQuotaMisfits(resources, quota({ "limits.cpu": "4" }), [])).toEqual([
      {
        text: "ResourceQuota team counts limits.cpu, and the sidecar has none, so its pods are refused",
        mends: { "outrigger.dev/sidecar-cpu-limit": "200m" },
      },
    ]);
  });

  it("is content with a limit that a LimitRange gives by default", () => {
    const limits = [item({ default: { cpu: "500m" } })];
    expect(findQuotaMisfits(resources, quota({ "limits.cpu": "4" }), limits)).toEqual([]);
  });

  it.each<[string, QuotaFacts, number]>([
    ["is used up", quota({ "requests.memory": "1Gi" }, { "requests.memory": "1000Mi" }), 1],
    ["has room", quota({ memory: "1Gi", cpu: "1" }, { memory: "512Mi", cpu: "900m" }), 0],
    ["counts something else", quota({ pods: "10", "requests.storage": "1Gi" }), 0],
  ])("that %s", (_what, given, misfits) => {
    expect(findQuotaMisfits(resources, given, [])).toHaveLength(misfits);
  });
});

describe("what namespaces allow", () => {
  const judge = (bounds: readonly NamespaceBounds[]): readonly Finding[] =>
    judgeLimits(factsOf({ bounds: { ok: true, value: bounds } }));

  it("is told in one command for each namespace", () => {
    const limits = [item({ min: { memory: "256Mi", cpu: "100m" } })];
    const [finding] = judge([{ namespace: "tools", limits, quotas: [quota({ "limits.cpu": "4" })] }]);
    expect(finding).toMatchObject({ area: "limits", level: "warning" });
    expect(finding?.objects).toHaveLength(3);
    expect(finding?.next).toBe(
      "kubectl annotate namespace tools --overwrite outrigger.dev/sidecar-cpu-request=100m outrigger.dev/sidecar-memory-request=256Mi outrigger.dev/sidecar-memory-limit=256Mi outrigger.dev/sidecar-cpu-limit=200m",
    );
  });

  it("is a note where only more room helps, ok where all fits, and nothing where nothing is bounded", () => {
    const full = quota({ cpu: "1" }, { cpu: "1" });
    expect(judge([{ namespace: "tools", limits: [], quotas: [full] }]).map(({ level }) => level)).toEqual(["note"]);
    expect(
      judge([{ namespace: "tools", limits: [], quotas: [quota({ cpu: "1" })] }]).map(({ level }) => level),
    ).toEqual(["ok"]);
    expect(judge([{ namespace: "tools", limits: [], quotas: [] }])).toEqual([]);
  });
});
