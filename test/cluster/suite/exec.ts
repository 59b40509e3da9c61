/** Runs a command in a container of a pod, as `kubectl exec` does, and tells how it ended. */
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { Exec, type KubeConfig, type V1Status } from "@kubernetes/client-node";

/** How a command ended. */
export interface ExecResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What is run where. */
export interface ExecRequest {
  readonly namespace: string;
  readonly pod: string;
  /** Default: the first one. */
  readonly container?: string;
  readonly command: readonly string[];
}

/** Runs it without input. Rejects where the command can't be started, with the runtime's words. */
export async function execInPod(config: KubeConfig, request: ExecRequest): Promise<ExecResult> {
  const { namespace, pod, container = "", command } = request;
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const texts = Promise.all([text(stdout), text(stderr)]);
  const { promise, resolve } = Promise.withResolvers<V1Status>();
  // The client closes the connection itself when it has read the status. An empty name means the first container.
  await new Exec(config).exec(namespace, pod, container, [...command], stdout, stderr, null, false, resolve);
  const status = await promise;
  stdout.end();
  stderr.end();
  const [output, errors] = await texts;
  return { exitCode: readExitCode(status), stdout: output, stderr: errors };
}

/** The code stands among the causes as text. Source: k8s.io/apimachinery, `NonZeroExitCodeReason`. */
function readExitCode(status: V1Status): number {
  if (status.status === "Success") return 0;
  const cause = status.details?.causes?.find(({ reason }) => reason === "ExitCode");
  if (cause?.message === undefined) throw new Error(status.message ?? "the command could not be started");
  return Number(cause.message);
}
