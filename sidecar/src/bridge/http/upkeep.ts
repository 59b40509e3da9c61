/** What time does to open answers: comments keep quiet streams open, and a reader that never reads loses its stream. */
import type { Outlet } from "./outlet.ts";

const keepAliveMs = 15_000;
/** Behind a stalled reader its whole child waits, so it must not wait for ever. */
const maxStallMs = 30_000;

/** Looks after one open answer. `keepAlive` writes a comment where the answer is a stream. */
export function tendOutlet(outlet: Outlet, nowMs: number, keepAlive: () => void): void {
  if (!outlet.isOpen()) return;
  if (outlet.stalledForMs(nowMs) > maxStallMs) {
    outlet.fail({ reason: "UpstreamBroken", message: "the answer was not read for 30 s", sent: true });
    return;
  }
  if (outlet.stalledForMs(nowMs) === 0 && outlet.quietForMs(nowMs) >= keepAliveMs) keepAlive();
}
