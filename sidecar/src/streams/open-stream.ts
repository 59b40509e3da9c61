/**
 * One stream of the server's own messages on its way to a client: a GET stream of a legacy session, or a modern subscription. It knows
 * between which events something may be put on it, and how it ends in order. When that is due is decided in open-streams.ts.
 */
import type { ClientSide } from "../call/client-side.ts";
import type { Decided } from "../call/exchange.ts";
import { refuseFor } from "../call/refuse.ts";
import type { Received } from "../call/received.ts";
import { isEventStream } from "../upstream/headers.ts";
import { listChanged, listenEnded, listKinds, streamEnds, type ListKind } from "./messages.ts";

/** A stream of which somebody keeps account. */
export interface OpenStream {
  /** The client's side as the stages of the call see it. They write whole events only, since such a stream is read event by event. */
  readonly client: ClientSide;
  readonly received: Received;
  /** Streams of one session get the same message once. */
  readonly session: string | undefined;
  readonly isOpen: () => boolean;
  /** Puts the news on the stream that it was asked for, once its reader has caught up. */
  readonly tell: (kinds: ReadonlySet<ListKind>) => void;
  /** The reader has caught up. */
  readonly drained: () => void;
  /** Writes what belongs at the end, and the end; the call at the server is left to whoever asks for it. */
  readonly end: () => void;
}

/** Wraps the client's side of an exchange; `onOver` is told once, when nothing more can be written. */
export function createOpenStream(exchange: Decided, server: string, onOver: () => void): OpenStream {
  const { client: inner, received } = exchange;
  const listen = readListen(exchange);
  const due = new Set<ListKind>();
  let state: "asked" | "open" | "over" = "asked";
  // A subscription begins with the server's acknowledgement.
  let isBegun = listen === undefined;
  let isBehind = false;
  const over = (): void => {
    if (state === "over") return;
    state = "over";
    onOver();
  };
  const flush = (): void => {
    if (state !== "open" || !isBegun || isBehind) return;
    for (const kind of listKinds)
      if (due.delete(kind) && !inner.write(listChanged(kind, listen?.id))) {
        isBehind = true;
        return;
      }
  };
  return {
    received,
    session: sessionOf(received),
    isOpen: () => state === "open",
    client: {
      ...inner,
      head: (status, headers, options) => {
        inner.head(status, headers, options);
        if (state === "asked" && status === 200 && isEventStream(headers)) state = "open";
      },
      write: (chunk) => {
        const isTaken = inner.write(chunk);
        isBehind = !isTaken;
        isBegun ||= chunk.includes("acknowledged");
        if (due.size > 0) flush();
        return isTaken && !isBehind;
      },
      end: (chunk) => {
        over();
        inner.end(chunk);
      },
      refuse: (refusal) => {
        over();
        inner.refuse(refusal);
      },
      destroy: () => {
        over();
        inner.destroy();
      },
    },
    tell: (kinds) => {
      for (const kind of kinds) if (listen === undefined || listen.wants.has(kind)) due.add(kind);
      flush();
    },
    drained: () => {
      isBehind = false;
      flush();
    },
    end: () => {
      if (state === "over") return;
      const isOpen = state === "open";
      over();
      if (!isOpen) {
        const why = { reason: "UpstreamUnavailable", text: "The sidecar is stopping." } as const;
        const idBytes = exchange.allowed[0]?.item.message.idBytes;
        const to = { era: exchange.era, server, ...(idBytes === undefined ? {} : { idBytes }) };
        if (!inner.isHeadSent()) inner.refuse(refuseFor(to, why));
        return;
      }
      inner.write(listen === undefined ? streamEnds : listenEnded(listen.id));
      inner.end();
    },
  };
}

function sessionOf({ headers }: Received): string | undefined {
  const session = headers["mcp-session-id"];
  return typeof session === "string" ? session : undefined;
}

/** What a subscription was asked for. */
interface Listen {
  /** Its JSON text. */
  readonly id: string;
  readonly wants: ReadonlySet<ListKind>;
}

/** Undefined for a stream that is no subscription. */
function readListen({ allowed }: Decided): Listen | undefined {
  const item = allowed[0]?.item;
  if (item?.message.idBytes === undefined) return undefined;
  // The scanner has read it as one request in exactly one way; of members that it does not know only the form is open.
  const { params } = JSON.parse(item.bytes.toString("utf8")) as { readonly params?: unknown };
  const asked = toFields(toFields(params)["notifications"]);
  const wants = listKinds.filter((kind) => asked[`${kind}ListChanged`] === true);
  return { id: Buffer.from(item.message.idBytes).toString("utf8"), wants: new Set(wants) };
}

// An object has string keys; anything else has no members that are looked for.
const toFields = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
