/**
 * What the webhook tells the sidecar about the server's own probes and hooks, and how: a JSON object from the path that the kubelet
 * calls on the sidecar's admin port to what the sidecar then asks of the server. Written by one, read by the other.
 */

/** Name of the environment variable that carries the object. */
export const appProbesVariable = "OUTRIGGER_APP_PROBES";

/** One probe or hook of the server. `timeoutSeconds` is absent for hooks, which the pod's grace period bounds. */
export interface AppProbe {
  readonly kind: "http" | "tcp" | "grpc";
  readonly port: number;
  /** http only. */
  readonly path?: string;
  /** http only. HTTPS without verification, as the kubelet does. */
  readonly scheme?: "HTTP" | "HTTPS";
  /** http only. */
  readonly headers?: readonly { readonly name: string; readonly value: string }[];
  /** grpc only: the service name of the health check; empty asks for the whole server. */
  readonly service?: string;
  readonly timeoutSeconds?: number;
}

/**
 * The readiness probe of a stdio server that has none: asks the sidecar whether a session with the server could be opened now.
 * Stands in the same object as the others.
 */
export interface StdioProbe {
  readonly kind: "stdio";
  readonly timeoutSeconds?: number;
}

/**
 * The hook before the server's container is told to stop: answered once no call is under way, at the latest after
 * `limitSeconds`, which is at least 1. `then`: the server's own hook, which runs after the wait.
 */
export interface StopHook {
  readonly kind: "stop";
  readonly limitSeconds: number;
  readonly then?: AppProbe;
}

/** What may stand behind a path. */
export type AppProbeEntry = AppProbe | StdioProbe | StopHook;
