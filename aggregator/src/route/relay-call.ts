/** A call as the relay takes it: who asks whom for what, and how the caller hears of it meanwhile. */
import type { Era } from "@outrigger/mcp";
import type { Principal } from "../auth/principal.ts";
import type { CallTarget } from "../catalog/target.ts";
import type { RetryCause } from "./repeat.ts";
import type { CallerVoice, RelayedRequest } from "./request.ts";

/**
 * A call that was decided: allowed, and of this target. `request` has the server's own names. `caller`: whose upstream sessions it may use, ""
 * for nobody's in particular.
 */
export interface RelayCall {
  readonly target: CallTarget;
  readonly request: RelayedRequest;
  readonly voice: CallerVoice;
  readonly meta: Readonly<Record<string, unknown>>;
  readonly caller: string;
  readonly principal: Principal;
  readonly callerEra: Era;
  /** Joins what several programs say of the call. */
  readonly requestId: string;
  /** The trace that it belongs to, as headers carry it. */
  readonly headers?: Readonly<Record<string, string>>;
  /** It goes to another replica. */
  readonly onRetry?: (cause: RetryCause) => void;
  /** The one replica that can serve it, by its sidecar's key; absent where any can. */
  readonly at?: string;
  /** A replica has given a result. */
  readonly onResult?: (sidecarKey: string) => void;
  /** The caller cancelled or has gone. */
  readonly signal: AbortSignal;
}
