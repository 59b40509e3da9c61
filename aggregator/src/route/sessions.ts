/**
 * Sessions with legacy servers: one per sidecar, caller and what that caller can do, opened with the first call, closed when idle or
 * when the caller goes. Declares the capabilities of the caller, never any of ours: what a server may ask is asked of that caller.
 * Source: MCP 2025-11-25 basic/lifecycle and basic/transports, "Session Management".
 */
import { createHash } from "node:crypto";
import {
  buildInitialize,
  buildNotification,
  latestLegacy,
  type ClientInfo,
  type ClientVoice,
  type JsonObject,
  type RpcError,
} from "@outrigger/mcp";
import type { Dispatcher } from "undici";
import type { DiscoveredSidecar } from "../discovery/source.ts";
import { exchange } from "./post.ts";
import { readAnswer } from "./read-answer.ts";

/** An open session. `headers` go with each of its requests; without a session id the server keeps none. */
export interface UpstreamSession {
  readonly voice: ClientVoice;
  readonly headers: Readonly<Record<string, string>>;
  /** Whether the server says that it logs. */
  readonly hasLogging: boolean;
  /** The level that it was asked for, where it was. */
  logLevel: string | undefined;
  /** Who is asked what the server asks outside of calls: the call that began last. */
  readonly askable: ((request: JsonObject) => void)[];
}

/** The session, the server's own error, or why there is none. */
export type OpenedSession =
  | { readonly kind: "open"; readonly session: UpstreamSession }
  | { readonly kind: "error"; readonly error: RpcError }
  | { readonly kind: "failed"; readonly detail: string };

/** Whose session with whom. `caller` is "" for callers without a session of their own; `capabilities` is what it declares. */
export interface SessionKey {
  readonly sidecar: DiscoveredSidecar;
  readonly caller: string;
  readonly capabilities: JsonObject;
}

export interface UpstreamSessions {
  /** The open session, or a new one; those who ask at the same time get the same. */
  readonly get: (key: SessionKey) => Promise<OpenedSession>;
  /** Forgets a session that the server has ended; `session` is compared, so that a newer one stays. */
  readonly forget: (key: SessionKey, session: UpstreamSession) => void;
  /** Marks the start or end of a call: a session with calls under way is never idle. */
  readonly hold: (key: SessionKey) => () => void;
  /** Closes all sessions of a caller. */
  readonly endCaller: (caller: string) => void;
  /** Forgets all sessions with sidecars that are not among these keys. */
  readonly keepOnly: (sidecarKeys: ReadonlySet<string>) => void;
  /** Closes all sessions and waits for it, at most two seconds. */
  readonly stop: () => Promise<void>;
}

/** Times in ms. `idleMs` must be shorter than the sidecars' own idle time. */
export interface SessionOptions {
  readonly dispatcher: Dispatcher;
  readonly clientInfo: ClientInfo;
  readonly nowMs: () => number;
  readonly idleMs: number;
}

interface Entry {
  readonly key: SessionKey;
  readonly opening: Promise<OpenedSession>;
  session: UpstreamSession | undefined;
  calls: number;
  lastUsedMs: number;
}

const handshakeMs = 20_000;
const farewellMs = 2_000;
const maxHandshakeBytes = 4 * 1024 * 1024;

/** Creates the table, empty. */
export function createUpstreamSessions(options: SessionOptions): UpstreamSessions {
  const entries = new Map<string, Entry>();
  const idOf = ({ sidecar, caller, capabilities }: SessionKey): string =>
    [sidecar.key, caller, digest(capabilities)].join("\u0000");

  const end = (entry: Entry): Promise<void> => {
    entries.delete(idOf(entry.key));
    if (entry.session !== undefined) return sayGoodbye(options, entry.key, entry.session);
    // Nobody waits for a handshake that nobody needs; what it opens is ended all the same.
    void entry.opening.then((opened) => {
      if (opened.kind === "open") void sayGoodbye(options, entry.key, opened.session);
    });
    return Promise.resolve();
  };
  const endWhere = (isMeant: (entry: Entry) => boolean): void => {
    for (const entry of [...entries.values()]) if (isMeant(entry)) void end(entry);
  };
  const reaper = setInterval(
    () => {
      const oldestMs = options.nowMs() - options.idleMs;
      // A session that is being opened is about to be used.
      endWhere((entry) => entry.session !== undefined && entry.calls === 0 && entry.lastUsedMs < oldestMs);
    },
    Math.min(options.idleMs, 30_000),
  );
  reaper.unref();

  const open = (key: SessionKey): Entry => {
    const entry: Entry = {
      key,
      opening: openSession(options, key),
      session: undefined,
      calls: 0,
      lastUsedMs: options.nowMs(),
    };
    entries.set(idOf(key), entry);
    void entry.opening.then((opened) => {
      if (opened.kind === "open") entry.session = opened.session;
      else if (entries.get(idOf(key)) === entry) entries.delete(idOf(key));
    });
    return entry;
  };

  return {
    get: (key) => {
      const entry = entries.get(idOf(key)) ?? open(key);
      entry.lastUsedMs = options.nowMs();
      return entry.opening;
    },
    forget: (key, session) => {
      if (entries.get(idOf(key))?.session === session) entries.delete(idOf(key));
    },
    hold: (key) => {
      const entry = entries.get(idOf(key));
      if (entry !== undefined) entry.calls++;
      return () => {
        if (entry === undefined) return;
        entry.calls--;
        entry.lastUsedMs = options.nowMs();
      };
    },
    endCaller: (caller) => endWhere((entry) => entry.key.caller === caller),
    keepOnly: (sidecarKeys) => {
      for (const [id, entry] of entries) if (!sidecarKeys.has(entry.key.sidecar.key)) entries.delete(id);
    },
    stop: async () => {
      clearInterval(reaper);
      await Promise.all([...entries.values()].map(end));
    },
  };
}

async function openSession({ dispatcher, clientInfo }: SessionOptions, key: SessionKey): Promise<OpenedSession> {
  const { sidecar } = key;
  const voice: ClientVoice = { era: "legacy", clientInfo, clientCapabilities: key.capabilities };
  const id = 0;
  const signal = AbortSignal.timeout(handshakeMs);
  try {
    const message = buildInitialize(voice, { id, version: latestLegacy });
    const posted = await exchange({ dispatcher, sidecar, message, signal });
    if (!posted.ok) return { kind: "failed", detail: posted.detail };
    const sessionId = posted.response.headers["mcp-session-id"];
    const answer = await readAnswer(posted.response, { id, maxBytes: maxHandshakeBytes, onMessage: () => undefined });
    if (answer.kind === "error") return answer;
    if (answer.kind !== "result") {
      const detail = answer.kind === "broken" ? answer.detail : "Its answer to initialize can't be used.";
      return { kind: "failed", detail };
    }
    const version = answer.result["protocolVersion"];
    const session: UpstreamSession = {
      voice: { ...voice, version: typeof version === "string" ? version : latestLegacy },
      headers: typeof sessionId === "string" ? { "mcp-session-id": sessionId } : {},
      hasLogging: declares(answer.result, "logging"),
      logLevel: undefined,
      askable: [],
    };
    const initialized = buildNotification(session.voice, { method: "notifications/initialized" });
    const told = await exchange({ dispatcher, sidecar, message: initialized, headers: session.headers, signal });
    if (!told.ok) return { kind: "failed", detail: told.detail };
    await told.response.body.dump();
    return { kind: "open", session };
  } catch (error) {
    return { kind: "failed", detail: error instanceof Error ? error.message : String(error) };
  }
}

/** One text for each set of capabilities; what most callers declare, nothing, costs nothing. */
function digest(capabilities: JsonObject): string {
  if (Object.keys(capabilities).length === 0) return "";
  return createHash("sha256").update(JSON.stringify(capabilities)).digest("base64url");
}

function declares(initialize: JsonObject, capability: string): boolean {
  const { capabilities } = initialize;
  return typeof capabilities === "object" && capabilities !== null && capability in capabilities;
}

/** Ends the session at the server. Whether it hears is its own affair: it has an idle time too. */
async function sayGoodbye(
  { dispatcher }: SessionOptions,
  { sidecar }: SessionKey,
  { headers, voice }: UpstreamSession,
): Promise<void> {
  if (headers["mcp-session-id"] === undefined) return;
  try {
    const posted = await exchange({
      dispatcher,
      sidecar,
      method: "DELETE",
      headers: { ...headers, ...(voice.version === undefined ? {} : { "mcp-protocol-version": voice.version }) },
      signal: AbortSignal.timeout(farewellMs),
    });
    if (posted.ok) await posted.response.body.dump();
  } catch {
    // See above.
  }
}
