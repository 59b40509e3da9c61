/**
 * The legacy session of a client: opened by its own `initialize`, and opened once more with the same words where the endpoint has lost
 * it, so that the client needs not know. What a session was told to send (log level, subscriptions) is told to the new one too.
 */
import { buildNotification } from "@outrigger/mcp";
import type { FrontSession } from "./headers.ts";
import type { FrontMessage } from "./message.ts";

/** How a message of a session is posted without the client: what comes back is read and dropped. */
export type PostQuietly = (
  message: FrontMessage,
  session: FrontSession | undefined,
) => Promise<{ readonly session: FrontSession | undefined; readonly isAccepted: boolean }>;

/** A keeper. */
export interface SessionKeeper {
  readonly current: () => FrontSession | undefined;
  readonly opened: (initialize: FrontMessage, session: FrontSession) => void;
  /** Remembers what a later session has to be told as well. */
  readonly note: (message: FrontMessage) => void;
  /** Opens the session anew where `gone` is still the current one. False where that failed. */
  readonly renew: (gone: FrontSession) => Promise<boolean>;
}

/** Creates a keeper that has no session yet. */
export function createSessionKeeper(post: PostQuietly, tell: (sentence: string) => void): SessionKeeper {
  let session: FrontSession | undefined;
  let initialize: FrontMessage | undefined;
  let renewing: Promise<boolean> | undefined;
  const told = new Map<string, FrontMessage>();

  const open = async (): Promise<boolean> => {
    if (initialize === undefined) return false;
    const { session: opened } = await post(initialize, undefined);
    if (opened === undefined) return false;
    const { isAccepted } = await post(initialized, opened);
    if (!isAccepted) return false;
    session = opened;
    for (const message of told.values()) await post(message, opened);
    return true;
  };

  return {
    current: () => session,
    opened: (message, next) => {
      initialize = message;
      session = next;
      told.clear();
    },
    note: (message) => {
      const key = keyOf(message);
      if (key === undefined) return;
      // An order that was given again stands last.
      told.delete(key.of);
      if (key.isKept) told.set(key.of, message);
    },
    renew: async (gone) => {
      if (session !== gone) return session !== undefined;
      renewing ??= open()
        .then((isOpen) => {
          tell(isOpen ? "The session was gone; it is opened anew." : "The session is gone and can't be opened anew.");
          return isOpen;
        })
        .finally(() => (renewing = undefined));
      return renewing;
    },
  };
}

const initialized: FrontMessage = {
  bytes: buildNotification(
    { era: "legacy", clientInfo: { name: "", version: "" }, clientCapabilities: {} },
    { method: "notifications/initialized" },
  ).body,
  kind: "notification",
  method: "notifications/initialized",
  awaited: [],
};

function keyOf({ method, uri = "" }: FrontMessage): { readonly of: string; readonly isKept: boolean } | undefined {
  if (method === "logging/setLevel") return { of: method, isKept: true };
  if (method === "resources/subscribe") return { of: `resource ${uri}`, isKept: true };
  return method === "resources/unsubscribe" ? { of: `resource ${uri}`, isKept: false } : undefined;
}
