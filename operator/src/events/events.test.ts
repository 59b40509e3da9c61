import { expect, it } from "vitest";
import { makePod } from "../testing/pod.ts";
import type { MissedPod } from "./read-missed.ts";
import { readRefusal } from "./read-refusal.ts";
import { countNotInjected, findNews, type ObservedNews } from "./reconcile.ts";

const missedPod = (name: string, change: Partial<MissedPod> = {}): MissedPod => ({
  uid: `uid-${name}`,
  namespace: "tools",
  name,
  inject: undefined,
  isRelay: false,
  controller: undefined,
  ...change,
});

const observed: ObservedNews = {
  pods: [],
  missed: [],
  refusals: [],
  namespaces: [
    { name: "tools", uid: "", isOptedIn: true, isLeaving: false },
    { name: "plain", uid: "", isOptedIn: false, isLeaving: false },
  ],
  system: new Set(["outrigger-system"]),
  sinceMs: Date.parse("2026-11-21T10:00:00Z"),
};

const denied =
  'Error creating: admission webhook "namespace.inject.outrigger.dev" denied the request: 2 problems in pod "x": (1) outrigger.dev/rate-limit="60/sec": expected <n>/<s|m|h> [InvalidAnnotation]; (2) container "app" declares 8080 and 9090 [AmbiguousPort]';
const event = (note: string) => ({
  metadata: { uid: "e1", creationTimestamp: "2026-11-21T10:00:01Z" },
  regarding: { kind: "ReplicaSet", name: "search-1", namespace: "tools", uid: "r" },
  note,
});

it("tells of pods that came with the sidecar, and not of those from before", () => {
  const pods = [makePod("new"), makePod("old", { createdAt: "2026-11-21T09:00:00Z" })];
  expect(findNews({ ...observed, pods }).map(({ key, reason }) => [key, reason])).toEqual([
    ["injected uid-new", "Injected"],
  ]);
});

it("tells of pods without the sidecar where they should have it, with the reason", () => {
  const missed = [
    missedPod("a"),
    missedPod("out", { inject: "disabled" }),
    missedPod("relay", { isRelay: true }),
    missedPod("elsewhere", { namespace: "plain" }),
    missedPod("asks", { namespace: "plain", inject: "enabled" }),
    missedPod("ours", { namespace: "outrigger-system", inject: "enabled" }),
  ];
  expect(findNews({ ...observed, missed }).map(({ key, type, reason }) => [key, type, reason])).toEqual([
    ["missed uid-a", "Warning", "NotInjected"],
    ["missed uid-out", "Normal", "OptedOut"],
    ["missed uid-relay", "Normal", "RelayPod"],
    ["missed uid-asks", "Warning", "NotInjected"],
  ]);
  expect(countNotInjected(missed.slice(0, 3))).toBe(1);
});

it("tells the controller's owner of a refusal with the reasons that the webhook named", () => {
  const refusal = readRefusal(event(denied));
  expect(refusal?.reasons).toEqual(["InvalidAnnotation", "AmbiguousPort"]);
  const [news] = findNews({ ...observed, refusals: [refusal!] });
  expect(news).toMatchObject({
    reason: "InjectionRefused",
    action: "RefuseInvalidAnnotationAmbiguousPort",
    type: "Warning",
  });
  expect(news?.note).toContain("rate-limit");
});

it("tells of a fault of the webhook, or of a message that was cut, as what they are", () => {
  const refused = (message: string): string | undefined => {
    const note = `admission webhook "pod.inject.outrigger.dev" denied the request: ${message}`;
    return findNews({ ...observed, refusals: [readRefusal(event(note))!] })[0]?.note;
  };
  expect(refused("its log has it under request u [Internal]")).toContain("A pod was refused (Internal): ");
  expect(refused("1 problem in pod")).toContain("A pod was refused (its message names no reason): ");
});

it("tells of a webhook that could not be asked, and of no other webhook", () => {
  const away =
    'Internal error occurred: failed calling webhook "enforced.inject.outrigger.dev": no endpoints available';
  const [news] = findNews({ ...observed, refusals: [readRefusal(event(away))!] });
  expect(news?.note).toContain("could not be asked");
  for (const note of ['admission webhook "x.example.com" denied the request', "exceeded quota", ""]) {
    expect(readRefusal(event(note))).toBeUndefined();
  }
});

it("tells a repeat again only as a repeat: its key is the event and its time", () => {
  const first = readRefusal(event(denied));
  const again = readRefusal({ ...event(denied), series: { count: 2, lastObservedTime: "2026-11-21T10:05:00Z" } });
  expect(findNews({ ...observed, refusals: [first!, again!] }).map(({ key }) => key)).toEqual([
    "refused e1 2026-11-21T10:00:01Z",
    "refused e1 2026-11-21T10:05:00Z",
  ]);
  const old = readRefusal({ ...event(denied), deprecatedLastTimestamp: "2026-11-21T09:00:00Z" });
  expect(findNews({ ...observed, refusals: [old!] })).toEqual([]);
});
