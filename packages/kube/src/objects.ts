/**
 * Reads and writes single objects: raw JSON in and out, outcomes as values, content types always explicit. Asks again where
 * that is safe: 429 always, since nothing was done then; no answer and 5xx only where doing it twice does no harm.
 * Decides nothing about what is written, and never reads in order to replace.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { ClusterAccess, ClusterRequest } from "./access.ts";
import { createBackoff, type BackoffBounds } from "./backoff.ts";
import { readAnswerFailure, toFailure, type ApiFailure } from "./failure.ts";
import type { RawObject } from "./object.ts";
import { apiVersionOf, pathOf, type Place, type Resource } from "./resource.ts";

/** The object as the API server has it now, or why not. */
export type ObjectOutcome<O> =
  { readonly ok: true; readonly object: O } | { readonly ok: false; readonly failure: ApiFailure };

/** One object. */
export interface ObjectPlace<O extends RawObject> extends Place {
  readonly resource: Resource<O>;
  readonly name: string;
}

/** Where a new object goes. Its name stands in the object itself. */
export interface NewObjectPlace<O extends RawObject> {
  readonly resource: Resource<O>;
  readonly namespace?: string;
}

/** One operation of RFC 6902. */
export type JsonPatchOperation =
  | { readonly op: "add" | "replace" | "test"; readonly path: string; readonly value: unknown }
  | { readonly op: "remove"; readonly path: string };

/** Who writes. It appears in `metadata.managedFields`. */
export interface Writer {
  readonly fieldManager: string;
}

/** Server-side apply. `take`: fields that others own become ours; `respect`: they are a `conflict`. */
export interface Applier extends Writer {
  readonly ownership: "take" | "respect";
}

/** Single objects of the cluster. Nothing here rejects. */
export interface Objects {
  readonly get: <O extends RawObject>(place: ObjectPlace<O>) => Promise<ObjectOutcome<O>>;
  /** `apiVersion` and `kind` are filled in. Asked once, apart from 429: after no answer it may exist or not. */
  readonly create: <O extends RawObject>(place: NewObjectPlace<O>, object: O) => Promise<ObjectOutcome<O>>;
  /** Asked once, apart from 429. A failed `test` is `invalid`. */
  readonly jsonPatch: <O extends RawObject>(
    place: ObjectPlace<O>,
    operations: readonly JsonPatchOperation[],
    writer?: Writer,
  ) => Promise<ObjectOutcome<O>>;
  /** RFC 7396. With `metadata.resourceVersion` inside, anything but that version is a `conflict`. */
  readonly mergePatch: <O extends RawObject>(
    place: ObjectPlace<O>,
    patch: object,
    writer?: Writer,
  ) => Promise<ObjectOutcome<O>>;
  /** `apiVersion`, `kind` and `metadata.name` are filled in. */
  readonly apply: <O extends RawObject>(
    place: ObjectPlace<O>,
    object: O,
    applier: Applier,
  ) => Promise<ObjectOutcome<O>>;
  /** Removes the object; with `uid` only that very one, else `conflict`. */
  readonly remove: <O extends RawObject>(
    place: ObjectPlace<O>,
    precondition?: { readonly uid: string },
  ) => Promise<ObjectOutcome<RawObject>>;
}

/** Times in ms. `attempts` includes the first one. */
export interface ObjectsOptions {
  readonly attempts?: number;
  /** Longest time that one attempt may take; default 10 s. */
  readonly attemptMs?: number;
  /** Waits between attempts; default 100 ms to 5 s. */
  readonly backoff?: BackoffBounds;
  readonly random?: () => number;
  /** Ends what is under way; everything after that is `unreachable`. */
  readonly signal?: AbortSignal;
}

type Send = (
  request: Omit<ClusterRequest, "signal" | "idleTimeoutMs">,
  repeat: Repeat,
) => Promise<ObjectOutcome<RawObject>>;

/** Whether doing it twice is the same as doing it once. */
type Repeat = "safe" | "unsafe";

/** Creates the way to single objects. */
export function createObjects(access: ClusterAccess, options: ObjectsOptions = {}): Objects {
  const send = createSender(access, options);
  const patch = async <O extends RawObject>(place: ObjectPlace<O>, wanted: Patch): Promise<ObjectOutcome<O>> => {
    const path = pathOf(place.resource, place) + toQuery(wanted.query);
    const body = { contentType: wanted.contentType, text: JSON.stringify(wanted.value) };
    return claim<O>(await send({ method: "PATCH", path, body }, wanted.repeat));
  };
  return {
    get: async ({ resource, ...place }) => claim(await send({ path: pathOf(resource, place) }, "safe")),
    create: async ({ resource, ...place }, object) => {
      const body = { contentType: "application/json", text: JSON.stringify({ ...typeOf(resource), ...object }) };
      return claim(await send({ method: "POST", path: pathOf(resource, place), body }, "unsafe"));
    },
    jsonPatch: (place, operations, writer) =>
      patch(place, {
        contentType: "application/json-patch+json",
        value: operations,
        query: { ...writer },
        repeat: "unsafe",
      }),
    mergePatch: (place, value, writer) =>
      patch(place, { contentType: "application/merge-patch+json", value, query: { ...writer }, repeat: "safe" }),
    apply: (place, object, { fieldManager, ownership }) =>
      patch(place, {
        // JSON is YAML; the API server has no other name for this content.
        contentType: "application/apply-patch+yaml",
        value: { ...typeOf(place.resource), ...object, metadata: { ...object.metadata, name: place.name } },
        query: { fieldManager, ...(ownership === "take" ? { force: "true" } : {}) },
        repeat: "safe",
      }),
    remove: async ({ resource, ...place }, precondition) => {
      const options = { kind: "DeleteOptions", apiVersion: "v1", preconditions: precondition };
      const body = { contentType: "application/json", text: JSON.stringify(options) };
      return send({ method: "DELETE", path: pathOf(resource, place), body }, "safe");
    },
  };
}

/**
 * The metadata of an object and nothing of its content, which then never leaves the API server: labels and annotations of a
 * Secret without its data. Source: Kubernetes API concepts, PartialObjectMetadata.
 */
export async function getMetadata<O extends RawObject>(
  access: ClusterAccess,
  { resource, ...place }: ObjectPlace<O>,
  options: ObjectsOptions = {},
): Promise<ObjectOutcome<RawObject>> {
  const accept = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
  return createSender(access, options)({ path: pathOf(resource, place), accept }, "safe");
}

interface Patch {
  readonly contentType: string;
  readonly value: unknown;
  readonly query: Readonly<Record<string, string>>;
  readonly repeat: Repeat;
}

/** What an object claims to be is its readers' to check. */
function claim<O extends RawObject>(outcome: ObjectOutcome<RawObject>): ObjectOutcome<O> {
  return outcome as ObjectOutcome<O>;
}

function typeOf(resource: Resource): { readonly apiVersion: string; readonly kind: string } {
  return { apiVersion: apiVersionOf(resource), kind: resource.kind };
}

function toQuery(members: Readonly<Record<string, string>>): string {
  const text = new URLSearchParams(members).toString();
  return text === "" ? "" : `?${text}`;
}

const defaultBackoff: BackoffBounds = { firstMs: 100, longestMs: 5_000 };

function createSender(access: ClusterAccess, options: ObjectsOptions): Send {
  const { attempts = 4, attemptMs = 10_000, random = Math.random, signal } = options;
  return async (request, repeat) => {
    const backoff = createBackoff(random, options.backoff ?? defaultBackoff);
    for (let attempt = 1; ; attempt++) {
      const outcome = await sendOnce(access, request, { attemptMs, signal });
      const isLast = attempt >= attempts || signal?.aborted === true;
      if (outcome.ok || isLast || !isWorthAnother(outcome.failure, repeat)) return outcome;
      // Rejects when the signal ends the waiting; the next attempt then says so.
      await sleep(backoff.next(outcome.failure.retryAfterMs), undefined, signal && { signal }).catch(() => undefined);
    }
  };
}

function isWorthAnother({ kind, status }: ApiFailure, repeat: Repeat): boolean {
  if (status === 429) return true;
  return repeat === "safe" && (kind === "unreachable" || (status ?? 0) >= 500);
}

async function sendOnce(
  access: ClusterAccess,
  request: Omit<ClusterRequest, "signal" | "idleTimeoutMs">,
  { attemptMs, signal }: { readonly attemptMs: number; readonly signal: AbortSignal | undefined },
): Promise<ObjectOutcome<RawObject>> {
  const deadline = AbortSignal.timeout(attemptMs);
  const ending = signal === undefined ? deadline : AbortSignal.any([deadline, signal]);
  try {
    const answer = await access.send({ ...request, signal: ending, idleTimeoutMs: attemptMs });
    if (answer.statusCode < 200 || answer.statusCode >= 300) {
      return { ok: false, failure: await readAnswerFailure(answer) };
    }
    const object: unknown = await answer.body.json();
    if (typeof object !== "object" || object === null) throw new Error("the API server's answer is not an object");
    return { ok: true, object };
  } catch (error) {
    return { ok: false, failure: toFailure(error) };
  }
}
