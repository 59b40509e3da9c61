/** What the caller of a sleeping server is told: that it waits, and why it was not answered. Pure. */
import type { JsonObject } from "@outrigger/mcp";
import type { FailureFacts } from "../route/failure.ts";
import type { Wait } from "./waker.ts";

/** Soon enough for who is turned away because others wait already. */
const retryWhenFullMs = 2_000;
/** Soon enough for who has waited as long as it may: the start goes on without it. */
const retryWhenLateMs = 5_000;

/** The failure of a call that was not let through; undefined where it was. */
export function describeWait(wait: Wait): FailureFacts | undefined {
  switch (wait.kind) {
    case "awake":
      return undefined;
    case "gone":
      return { reason: "UpstreamUnavailable", detail: "It was asleep and is not there any more." };
    case "full":
      return { reason: "WakeQueueFull", retryAfterMs: retryWhenFullMs };
    case "refused":
      return { reason: "WakeFailed", detail: wait.detail };
    case "late": {
      const detail = `The call waited ${wait.afterMs / 1_000} s. ${wait.detail ?? "No pod of it is there yet."}`;
      return { reason: wait.wasAsked ? "ServerWaking" : "WakeFailed", detail, retryAfterMs: retryWhenLateMs };
    }
  }
}

type OnProgress = (params: JsonObject) => void;

/**
 * Progress of a call that waits: `tellWaiting` says so once, as progress 0. What the server tells afterwards must be more than that:
 * its own 0 is left out. Source: MCP 2025-11-25, "Progress": the value must increase.
 */
export function tellProgress(onProgress: OnProgress): {
  readonly tellWaiting: () => void;
  readonly onProgress: OnProgress;
} {
  let hasTold = false;
  return {
    tellWaiting: () => {
      if (hasTold) return;
      hasTold = true;
      onProgress({ progress: 0, message: "The server was asleep and is being started." });
    },
    onProgress: (params) => {
      const { progress } = params;
      if (hasTold && typeof progress === "number" && progress <= 0) return;
      onProgress(params);
    },
  };
}
