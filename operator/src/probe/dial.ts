/** Opens one TCP connection and closes it again. Nothing is sent: an accepted connection is all that is asked for. */
import { connect } from "node:net";
import type { Dialled, Target } from "./reconcile.ts";

/** Dials one address. */
export type Dial = (target: Target, signal: AbortSignal) => Promise<Dialled>;

/** Creates a dialler; `timeoutMs` is the longest silence. Refused, unreachable and silent are the same: closed. */
export function createDial(timeoutMs: number): Dial {
  return ({ host, port }, signal) =>
    new Promise((resolve) => {
      const socket = connect({ host, port, signal });
      const settle = (result: Dialled): void => {
        resolve(result);
        socket.destroy();
      };
      socket.setTimeout(timeoutMs, () => settle("closed"));
      socket.once("connect", () => settle("accepted"));
      // Stays, since a socket that is destroyed may still report.
      socket.on("error", () => settle("closed"));
    });
}
