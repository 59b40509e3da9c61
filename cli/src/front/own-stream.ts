/**
 * The stream on which the endpoint speaks first in a legacy session: opened when the session is, opened again where it ends, from
 * behind the last event. An endpoint that offers none is left alone.
 */
import { restartDelayMs } from "../fleet/backoff.ts";
import { streamHeaders } from "./headers.ts";
import type { FrontParts } from "./parts.ts";

/** Follows the stream until everything ends, or the endpoint refuses it. */
export async function followOwnStream(parts: FrontParts): Promise<void> {
  const { exchange, keeper, write, pause, random, signal } = parts;
  let lastEventId: string | undefined;
  for (let failures = 0; !signal.aborted; failures++) {
    const session = keeper.current();
    const asked = { method: "GET", headers: streamHeaders(session, lastEventId), signal } as const;
    const onOpen = (): void => void (failures = 0);
    const end = await exchange({ asked, pending: new Set(), deliver: write, onOpen });
    let waitMs = restartDelayMs(failures, random());
    if (end.kind === "paused") {
      lastEventId = end.lastEventId;
      waitMs = end.retryMs ?? waitMs;
    } else if (end.kind === "refused") {
      const isGone = end.status === 404 && session?.id !== undefined;
      if (!isGone || !(await keeper.renew(session))) return;
      lastEventId = undefined;
    }
    await pause(waitMs, signal);
  }
}
