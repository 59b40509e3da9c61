/**
 * Posts the messages of one session to the endpoint that the server's stream names. Until it is named they wait, in order; how many
 * bytes may be under way is bounded. Whether the server took a message is its HTTP status; what it answers comes on the stream.
 */
import type { Delivery, NotTaken, QueuedMessage } from "../../bridge/link.ts";
import type { Upstream, UpstreamCall, UpstreamFailure } from "../upstream.ts";
import { headersOfMessage } from "./headers.ts";
import { createRefusedAnswer, type RefusedAnswer } from "./refused.ts";

/** What posting needs. `caller`: whom the session belongs to; each message brings what vouches for it now. Bounds in bytes. */
export interface MessagesDeps {
  readonly http: Upstream;
  readonly caller: string;
  readonly maxQueuedBytes: number;
}

/** The messages on their way. */
export interface Messages {
  /** Undefined where too much is under way. A message always fits where none is. */
  readonly post: (bytes: Buffer, delivery: Delivery) => QueuedMessage | undefined;
  /** Sends what waits, and from now on every message at once. `path` with query. */
  readonly open: (path: string) => void;
  /** Tells of everything under way that it was not taken, and forgets it. */
  readonly end: (describe: (sent: boolean) => NotTaken) => void;
}

interface Underway {
  readonly bytes: Buffer;
  readonly delivery: Delivery;
  state: "waiting" | "sent" | "over";
  call?: UpstreamCall;
}

/** Creates the messages of one session. */
export function createMessages({ http, caller, maxQueuedBytes }: MessagesDeps): Messages {
  const underway = new Set<Underway>();
  let queuedBytes = 0;
  let endpoint: string | undefined;

  const finish = (message: Underway, refused?: NotTaken): void => {
    if (!underway.delete(message)) return;
    message.state = "over";
    queuedBytes -= message.bytes.length;
    message.delivery.onTaken(refused);
  };
  const send = (message: Underway, path: string): void => {
    let refused: RefusedAnswer | undefined;
    const { headers, assertion } = message.delivery;
    message.state = "sent";
    message.call = http.send(
      {
        method: "POST",
        path,
        headers: headersOfMessage(headers),
        body: message.bytes,
        caller,
        ...(assertion === undefined ? {} : { assertion }),
      },
      {
        onHead(status, headers) {
          if (status >= 200 && status < 300) finish(message);
          else refused = createRefusedAnswer(status, headers);
        },
        onData(chunk) {
          refused?.add(chunk);
          return true;
        },
        onEnd() {
          if (refused !== undefined) finish(message, { answer: refused.whole() });
        },
        // Later, since a failure may come within `send`, before the caller has what it asked for.
        onFailure: (failure: UpstreamFailure) => queueMicrotask(() => finish(message, { failure })),
      },
    );
  };

  return {
    post(bytes, delivery) {
      if (queuedBytes > 0 && queuedBytes + bytes.length > maxQueuedBytes) return undefined;
      const message: Underway = { bytes, delivery, state: "waiting" };
      underway.add(message);
      queuedBytes += bytes.length;
      if (endpoint !== undefined) send(message, endpoint);
      return {
        isWritten: () => message.state !== "waiting",
        drop() {
          if (message.state !== "waiting") return false;
          underway.delete(message);
          queuedBytes -= bytes.length;
          return true;
        },
      };
    },
    open(path) {
      endpoint = path;
      for (const message of [...underway]) if (message.state === "waiting") send(message, path);
    },
    end(describe) {
      for (const message of [...underway]) {
        const wasSent = message.state === "sent";
        finish(message, describe(wasSent));
        message.call?.abort();
      }
    },
  };
}
