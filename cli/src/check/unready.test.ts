import { describe, expect, it } from "vitest";
import type { RawServerPod } from "./cluster/resources.ts";
import { explainUnready } from "./unready.ts";

const nowMs = Date.parse("2026-11-21T12:00:00Z");
const old = "2026-11-21T11:00:00Z";
const podOf = (status: RawServerPod["status"], creationTimestamp = old): RawServerPod => ({
  metadata: { creationTimestamp },
  spec: { nodeName: "node-1" },
  ...(status === undefined ? {} : { status }),
});
const waiting = (name: string, reason: string, message = "") => ({
  name,
  ready: false,
  state: { waiting: { reason, message } },
});

describe("F-185 a pod that is not ready", () => {
  it("is none where its kubelet says Ready", () => {
    expect(explainUnready(podOf({ conditions: [{ type: "Ready", status: "True" }] }), nowMs)).toBeUndefined();
  });

  it.each<[string, RawServerPod["status"], object]>([
    [
      "finds no node",
      { conditions: [{ type: "PodScheduled", status: "False", reason: "Unschedulable", message: "0/3 nodes" }] },
      { cause: "Unschedulable", message: "0/3 nodes", isFresh: false },
    ],
    [
      "can't pull its image",
      { containerStatuses: [waiting("app", "ImagePullBackOff", "no such image")] },
      { cause: "ImagePullBackOff", message: "no such image", container: "app", hasEnded: false, isFresh: false },
    ],
    [
      "crashes, with the end of its log",
      {
        containerStatuses: [
          {
            ...waiting("app", "CrashLoopBackOff", "back-off 5m0s"),
            lastState: { terminated: { reason: "Error", exitCode: 1, message: "first\nno TOKEN given\n" } },
          },
        ],
      },
      {
        cause: "CrashLoopBackOff",
        message: "exit code 1: no TOKEN given",
        container: "app",
        hasEnded: true,
        isFresh: false,
      },
    ],
    [
      "was killed for its memory",
      {
        containerStatuses: [
          { ...waiting("app", "CrashLoopBackOff"), lastState: { terminated: { reason: "OOMKilled", exitCode: 137 } } },
        ],
      },
      { cause: "CrashLoopBackOff", message: "OOMKilled, exit code 137" },
    ],
    [
      "ended and is not started again",
      { containerStatuses: [{ name: "app", ready: false, state: { terminated: { reason: "Error", exitCode: 2 } } }] },
      { cause: "Error", message: "exit code 2", hasEnded: true },
    ],
    [
      "waits for its sidecar, which stands before the app",
      {
        initContainerStatuses: [{ name: "outrigger-sidecar", ready: false, state: {} }],
        containerStatuses: [waiting("app", "PodInitializing")],
      },
      { cause: "SidecarNotReady", container: "outrigger-sidecar" },
    ],
    [
      "has an app whose readiness probe fails",
      {
        initContainerStatuses: [{ name: "outrigger-sidecar", ready: true, state: {} }],
        containerStatuses: [{ name: "app", ready: false, state: {} }],
      },
      { cause: "ContainersNotReady", container: "app" },
    ],
    [
      "is with a kubelet that says nothing",
      {},
      { cause: "Pending", message: "its kubelet on node-1 has not started it", isFresh: false },
    ],
  ])("%s", (_name, status, expected) => {
    expect(explainUnready(podOf(status), nowMs)).toMatchObject(expected);
  });

  it("may only be starting while it is young, but not where waiting does not help", () => {
    const young = "2026-11-21T11:59:30Z";
    expect(explainUnready(podOf({}, young), nowMs)).toMatchObject({ isFresh: true });
    const status = { containerStatuses: [waiting("app", "ErrImagePull")] };
    expect(explainUnready(podOf(status, young), nowMs)).toMatchObject({ isFresh: false });
  });
});
