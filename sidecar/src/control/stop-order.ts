/**
 * In which order hooks before a stop are answered where the sidecar is a plain container and has one itself: its own last, since who asks
 * after it has ended asks nobody. The kubelet asks all of a pod's hooks at once, but a busy node may be late with one.
 */
import { once } from "node:events";
import { sidecarName } from "@outrigger/api/containers";

/** The order of one pod's hooks. */
export interface StopOrder {
  /** Marks that the hook at a path was asked; what it gives marks that it was answered. */
  readonly begin: (path: string) => () => void;
  /**
   * For the sidecar's own hook: resolves when each of the others was asked and answered, when those that were are and the late ones have had
   * their time, or when `signal` aborts. For any other hook at once.
   */
  readonly whenItsTurn: (path: string, signal: AbortSignal) => Promise<void>;
}

interface Hook {
  pending: number;
  lastAskedMs: number;
}

/** How long the sidecar's own hook waits for hooks that nobody has asked yet, in ms: a container that is restarted alone has the others go on. */
const lateMs = 5_000;
/** Hooks that were asked before the sidecar's own belong to the same end of the pod if they were so lately. */
const samePodEndMs = 10_000;

/** Creates the order of the hooks at these paths. `now`: a steady clock in ms. */
export function createStopOrder(paths: Iterable<string>, now: () => number): StopOrder {
  const hooks = new Map<string, Hook>([...paths].map((path) => [path, { pending: 0, lastAskedMs: -Infinity }]));
  const isOwn = (path: string): boolean => path.startsWith(`/app-lifecycle/${sidecarName}/`);
  const others = [...hooks].filter(([path]) => !isOwn(path)).map(([, hook]) => hook);
  let changed = Promise.withResolvers<undefined>();
  const tell = (): void => {
    changed.resolve(undefined);
    changed = Promise.withResolvers();
  };
  return {
    begin: (path) => {
      const hook = hooks.get(path);
      if (hook === undefined) return () => undefined;
      hook.pending++;
      hook.lastAskedMs = now();
      tell();
      return () => {
        hook.pending--;
        tell();
      };
    },
    whenItsTurn: async (path, signal) => {
      if (!isOwn(path)) return;
      const sinceMs = now() - samePodEndMs;
      const late = AbortSignal.timeout(lateMs);
      const isDone = (): boolean =>
        others.every(({ pending, lastAskedMs }) => pending === 0 && (lastAskedMs >= sinceMs || late.aborted));
      while (!signal.aborted && !isDone()) {
        const ends = late.aborted ? [signal] : [signal, late];
        await Promise.race([changed.promise, once(AbortSignal.any(ends), "abort")]);
      }
    },
  };
}
