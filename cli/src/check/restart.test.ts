import { describe, expect, it } from "vitest";
import { listRestarts } from "./restart.ts";

const pod = (name: string, kind?: string, owner = "a", namespace = "tools") => ({
  namespace,
  name,
  ...(kind === undefined ? {} : { owner: { kind, name: owner } }),
});

describe("pods are made anew", () => {
  it.each([
    ["Deployment", "kubectl rollout restart deployment/a --namespace tools"],
    ["StatefulSet", "kubectl rollout restart statefulset/a --namespace tools"],
    ["DaemonSet", "kubectl rollout restart daemonset/a --namespace tools"],
    ["ReplicaSet", "kubectl delete pod/p --namespace tools"],
    ["Rollout", "kubectl delete pod/p --namespace tools"],
    ["Job", "let job/a in tools end, or delete it and create it again"],
    ["CronJob", "let the run of cronjob/a in tools end: the next one is new"],
    [undefined, "kubectl get pod/p --namespace tools --output yaml | kubectl replace --force --filename -"],
  ])("by %s: %s", (kind, command) => {
    expect(listRestarts([pod("p", kind)])).toEqual([command]);
  });

  it("each workload once, those of one namespace in one command", () => {
    const pods = [
      pod("a-1", "Deployment"),
      pod("a-2", "Deployment"),
      pod("b-0", "StatefulSet", "b"),
      pod("a-1", "Deployment", "a", "search"),
    ];
    expect(listRestarts(pods)).toEqual([
      "kubectl rollout restart deployment/a statefulset/b --namespace tools",
      "kubectl rollout restart deployment/a --namespace search",
    ]);
  });
});
