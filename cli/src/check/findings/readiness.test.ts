import { describe, expect, it } from "vitest";
import type { Unready } from "../facts.ts";
import { createFinding } from "../finding.ts";
import { pod } from "./facts-of.ts";
import { judgeReadiness } from "./readiness.ts";

const unready = (cause: string, change: Partial<Unready> = {}): Unready => ({
  cause,
  message: "why",
  isFresh: false,
  ...change,
});

describe("F-185 pods with a sidecar", () => {
  it("are counted where all are ready, and not spoken of where there is none", () => {
    expect(judgeReadiness([pod])).toEqual([createFinding("pods", "ok", "1 pod with a sidecar, all ready")]);
    expect(judgeReadiness([])).toEqual([]);
  });

  it.each<[Unready, string, string]>([
    [
      unready("CrashLoopBackOff", { container: "app", hasEnded: true }),
      "tools/search-1: CrashLoopBackOff (app): why",
      "kubectl logs pod/search-1 --namespace tools --container app --previous",
    ],
    [
      unready("SidecarNotReady", { container: "outrigger-sidecar" }),
      "tools/search-1: SidecarNotReady (outrigger-sidecar): why",
      "kubectl logs pod/search-1 --namespace tools --container outrigger-sidecar",
    ],
    [
      unready("ImagePullBackOff", { container: "app" }),
      "tools/search-1: ImagePullBackOff (app): why",
      "kubectl describe pod/search-1 --namespace tools",
    ],
    [
      unready("Unschedulable", { message: "" }),
      "tools/search-1: Unschedulable",
      "kubectl describe pod/search-1 --namespace tools",
    ],
  ])("say why they are not, and who knows more: %j", (given, object, next) => {
    expect(judgeReadiness([pod, { ...pod, unready: given }])).toEqual([
      createFinding("pods", "problem", { message: "1 pod with a sidecar not ready", objects: [object], next }),
    ]);
  });

  it("are a warning while they may only be starting", () => {
    const [finding] = judgeReadiness([{ ...pod, unready: unready("Pending", { isFresh: true }) }]);
    expect(finding).toMatchObject({
      level: "warning",
      message: expect.stringContaining("less than a minute") as unknown,
    });
  });
});
