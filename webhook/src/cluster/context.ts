/** What the watches of the webhook have in common: the way to the API server, the release's namespace, who hears of failures. */
import {
  watchObjects,
  type BackoffBounds,
  type ClusterAccess,
  type ObjectWatch,
  type WatchObjectsOptions,
} from "@outrigger/kube";
import type { RawObject } from "@outrigger/kube";

/** What is watched. */
export const watchSubjects = ["namespaces", "trust", "bundles", "authority", "registration"] as const;

export type WatchSubject = (typeof watchSubjects)[number];

/** Shared by all watches. */
export interface ClusterContext {
  readonly access: ClusterAccess;
  /** The namespace that Outrigger runs in. */
  readonly ownNamespace: string;
  /** A request failed; the next one is under way. */
  readonly onFailure: (subject: WatchSubject, problem: string) => void;
  /** Something that was read can't be used; what was good before stays. */
  readonly onRefused: (subject: "trust", problem: string) => void;
  /** A fault of ours in a handler. */
  readonly onFault: (error: unknown) => void;
  /** Waits after failures; absent: the library's. */
  readonly backoff?: BackoffBounds;
}

type Wanted<O extends RawObject, T> = Omit<
  WatchObjectsOptions<O, T>,
  "access" | "onFailure" | "onHandlerError" | "backoff" | "onChange"
> & {
  readonly onChange: () => void;
  /** Hears, instead of the context, that the right to this is missing. */
  readonly onForbidden?: (problem: string) => void;
};

/** Starts one watch. */
export function watch<O extends RawObject, T>(
  { access, backoff, onFailure, onFault }: ClusterContext,
  subject: WatchSubject,
  { onForbidden, ...wanted }: Wanted<O, T>,
): ObjectWatch<T> {
  return watchObjects({
    access,
    ...wanted,
    onFailure: ({ kind, message }) => {
      if (kind === "forbidden" && onForbidden !== undefined) onForbidden(message);
      else onFailure(subject, message);
    },
    onHandlerError: onFault,
    ...(backoff === undefined ? {} : { backoff }),
  });
}
