/** Why a pod is not Ready, by what scheduler and kubelet say of it: the first thing that keeps all behind it waiting. Pure. */
import { sidecarName } from "@outrigger/webhook/inject";
import type { RawCondition, RawContainerStatus, RawServerPod, RawTermination } from "./cluster/resources.ts";
import type { Unready } from "./facts.ts";

/** A pod that is younger may only be starting. */
const freshMs = 60_000;

/** Words of the kubelet for what goes by without anybody's doing. */
const passing = ["ContainerCreating", "PodInitializing"];

/** The reason, or undefined for a pod that is Ready. `nowMs`: the API server's clock, Unix epoch ms. */
export function explainUnready(pod: RawServerPod, nowMs: number): Unready | undefined {
  const { conditions = [], initContainerStatuses = [], containerStatuses = [] } = pod.status ?? {};
  const ready = conditions.find(({ type }) => type === "Ready");
  if (ready?.status === "True") return undefined;
  const statuses = [...initContainerStatuses, ...containerStatuses];
  const stuck = explainScheduling(conditions) ?? findFirst(statuses, explainStuck);
  if (stuck !== undefined) return { ...stuck, isFresh: false };
  const unready = findUnready(statuses, containerStatuses) ?? explainWaiting(pod, ready);
  return { ...unready, isFresh: isFresh(pod, nowMs) };
}

function isFresh({ metadata }: RawServerPod, nowMs: number): boolean {
  return nowMs - Date.parse(metadata?.creationTimestamp ?? "") < freshMs;
}

type Explained = Omit<Unready, "isFresh">;

function findFirst<T, U>(list: readonly T[], read: (item: T) => U | undefined): U | undefined {
  return list.map(read).find((each) => each !== undefined);
}

function explainScheduling(conditions: readonly RawCondition[]): Explained | undefined {
  const scheduled = conditions.find(({ type }) => type === "PodScheduled");
  if (scheduled?.status !== "False") return undefined;
  return { cause: scheduled.reason ?? "Unschedulable", message: scheduled.message ?? "" };
}

function explainWaiting({ spec }: RawServerPod, ready: RawCondition | undefined): Explained {
  const node =
    spec?.nodeName === undefined ? "no node has it yet" : `its kubelet on ${spec.nodeName} has not started it`;
  return { cause: ready?.reason ?? "Pending", message: ready?.message ?? node };
}

/** What a container waits for, where time alone does not help. */
function explainStuck({ name: container = "", state = {}, lastState = {} }: RawContainerStatus): Explained | undefined {
  const { waiting, terminated } = state;
  if (terminated !== undefined) return explainEnd(container, terminated);
  if (waiting?.reason === undefined || passing.includes(waiting.reason)) return undefined;
  const { reason: cause, message = "" } = waiting;
  const ended = lastState.terminated;
  return ended === undefined
    ? { cause, message, container, hasEnded: false }
    : { cause, message: describeEnd(ended), container, hasEnded: true };
}

/** A container that has done its work is nothing to wait for. */
function explainEnd(container: string, terminated: RawTermination): Explained | undefined {
  const { exitCode = 0, reason: cause = "Error" } = terminated;
  return exitCode === 0 ? undefined : { cause, message: describeEnd(terminated), container, hasEnded: true };
}

function describeEnd({ reason = "Error", exitCode = 0, message = "" }: RawTermination): string {
  const lastLine = message.trim().split("\n").at(-1) ?? "";
  const how =
    reason === "Error" || reason === "Completed" ? `exit code ${exitCode}` : `${reason}, exit code ${exitCode}`;
  return lastLine === "" ? how : `${how}: ${lastLine.slice(0, 200)}`;
}

/** A container that runs and is not ready, the sidecar first: whatever stands behind it waits for it. */
function findUnready(
  all: readonly RawContainerStatus[],
  containers: readonly RawContainerStatus[],
): Explained | undefined {
  const sidecar = all.find(({ name }) => name === sidecarName);
  if (sidecar !== undefined && isRunningUnready(sidecar))
    return { cause: "SidecarNotReady", message: "the sidecar runs and is not ready", container: sidecarName };
  const unready = containers.find(isRunningUnready);
  if (unready === undefined) return undefined;
  const { name: container = "" } = unready;
  return {
    cause: "ContainersNotReady",
    message: `container ${container} runs and its readiness probe fails`,
    container,
  };
}

function isRunningUnready({ ready, state }: RawContainerStatus): boolean {
  return ready === false && state !== undefined && state.waiting === undefined && state.terminated === undefined;
}
