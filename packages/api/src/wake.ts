/**
 * How the aggregator asks the operator to wake a server: `POST /v1/wake` at the operator's wake port, with a {@link WakeRequest} as JSON
 * and, as bearer, a token of the aggregator's ServiceAccount for {@link wakeAudience}. Asking again while it wakes does no harm.
 */
import type { Reason } from "./reasons.ts";
import { parseDnsLabel, parseServerName } from "./values.ts";

export const wakePath = "/v1/wake";

/** The audience of the token: whom else it reaches, nobody is let in by it. */
export const wakeAudience = "outrigger-operator";

/** Which server is called. */
export interface WakeRequest {
  readonly namespace: string;
  readonly server: string;
}

/**
 * The answer. 200: the server is being started, or runs already. Else why not:
 * 400 `RequestMalformed`, 401 `WakerUnverified`, 403 `WakerNotAllowed`, 404 `NotAsleep`, 503 `WakeFailed`.
 */
export type WakeAnswer =
  | { readonly reason: "Woken" }
  | {
      readonly reason: Extract<
        Reason,
        "RequestMalformed" | "WakerUnverified" | "WakerNotAllowed" | "NotAsleep" | "WakeFailed"
      >;
      readonly message: string;
    };

/** The status of each answer. */
export const wakeStatus = {
  Woken: 200,
  RequestMalformed: 400,
  WakerUnverified: 401,
  WakerNotAllowed: 403,
  NotAsleep: 404,
  WakeFailed: 503,
} as const satisfies Record<WakeAnswer["reason"], number>;

/** Reads a request; undefined where it is not one. */
export function readWakeRequest(value: unknown): WakeRequest | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { namespace, server } = value as Partial<Record<keyof WakeRequest, unknown>>;
  if (typeof namespace !== "string" || typeof server !== "string") return undefined;
  return parseDnsLabel(namespace).ok && parseServerName(server).ok ? { namespace, server } : undefined;
}

/** Reads an answer; undefined where it is not one. */
export function readWakeAnswer(value: unknown): WakeAnswer | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { reason, message = "" } = value as { readonly reason?: unknown; readonly message?: unknown };
  const known = (Object.keys(wakeStatus) as WakeAnswer["reason"][]).find((each) => each === reason);
  if (known === undefined || typeof message !== "string") return undefined;
  return known === "Woken" ? { reason: known } : { reason: known, message };
}
