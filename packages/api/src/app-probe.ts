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
  /** The port as the author wrote it, where the server was moved to another. Nobody but the webhook reads it. */
  readonly wasPort?: number;
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
 * A probe of a stdio server, which listens nowhere: the sidecar answers from what it knows. Stands in the same object as the others.
 * Readers that do not know `asks` take each for `Serving`; nobody but the webhook reads `was`.
 */
export interface StdioProbe {
  readonly kind: "stdio";
  readonly timeoutSeconds?: number;
  /** `Serving`, also where absent: whether a session could be opened now. `Alive`: whether it was not given up for dead. */
  readonly asks?: "Serving" | "Alive";
  /** The handler that stood there before, by its field. Absent where none did. */
  readonly was?: Readonly<Record<string, unknown>>;
}

/** What may stand behind a path. Sidecars take the whole object or refuse it: another kind needs a variable of its own (0018). */
export type AppProbeEntry = AppProbe | StdioProbe;

/**
 * Name of the environment variable with the hooks that are answered before the server's container is told to stop, once no call is
 * under way: a JSON object from path to the whole seconds, at least 1, after which they are answered all the same. What the object
 * above has at the same path runs after the wait. A sidecar of 0.1 does not read it, and its server is told to stop at once.
 */
export const stopHooksVariable = "OUTRIGGER_STOP_HOOKS";
