/**
 * Whose session is whose with a server over HTTP: a session belongs to whoever opened it, and to others it does not exist. How many may
 * be open at once, so that clients that never end theirs can't fill the server. Lost with the process: then who comes first owns it.
 * Source: MCP 2025-11-25 transports, "Session Management", and security best practices, "Session Hijacking".
 */
import { hash } from "node:crypto";
import { overload } from "../bridge/failure.ts";
import { answerShortly, failShortly, idOf } from "../bridge/http/refuse.ts";
import { isVouchedFor } from "../call/identify.ts";
import { refuseFor } from "../call/refuse.ts";
import { findHeader } from "../upstream/headers.ts";
import type { Upstream, UpstreamCall, UpstreamRequest, UpstreamSink } from "../upstream/upstream.ts";

/** What bounds the sessions. Times in ms; `now` any steady clock. */
export interface SessionOwnersOptions {
  /** The server's name, for refusals. */
  readonly server: string;
  /** Sessions that are open at once, and as many of which it is not known how they were opened. */
  readonly maxSessions: number;
  /** A session that nobody used for so long makes room for another. */
  readonly idleMs: number;
  readonly now: () => number;
}

/** The account of sessions. */
export interface SessionOwners {
  /** The same upstream, for owners of sessions only. */
  readonly watch: (upstream: Upstream) => Upstream;
  readonly count: () => number;
  /** How often a session was refused, by what stood against it. */
  readonly refused: () => ReadonlyMap<"full" | "foreign", number>;
}

/** One session. `owner`: see {@link ownerOf}; `anyone`: the server gives its id to several. */
interface Entry {
  owner: string;
  usedMs: number;
}

const anyone = "*";

/** So often idle sessions are looked for where there is no room, in ms. */
const sweepMs = 1_000;

/** Creates an empty account. */
export function createSessionOwners({ server, maxSessions, idleMs, now }: SessionOwnersOptions): SessionOwners {
  const opened = new Map<string, Entry>();
  /** Sessions from before this process, and idle ones: bounded by forgetting the oldest. */
  const seen = new Map<string, Entry>();
  const refused = new Map<"full" | "foreign", number>([
    ["full", 0],
    ["foreign", 0],
  ]);
  let sweptMs = Number.NEGATIVE_INFINITY;

  const count = (what: "full" | "foreign"): void => void refused.set(what, (refused.get(what) ?? 0) + 1);
  const remember = (key: string, entry: Entry): void => {
    seen.set(key, entry);
    if (seen.size <= maxSessions) return;
    const [oldest] = seen.keys();
    if (oldest !== undefined) seen.delete(oldest);
  };
  const hasRoom = (): boolean => {
    if (opened.size < maxSessions) return true;
    if (now() - sweptMs < sweepMs) return false;
    sweptMs = now();
    for (const [key, entry] of opened) {
      if (now() - entry.usedMs < idleMs) continue;
      opened.delete(key);
      remember(key, entry);
    }
    return opened.size < maxSessions;
  };
  const noteOpened = (session: string, owner: string): void => {
    const key = keyOf(session);
    const known = opened.get(key) ?? seen.get(key);
    seen.delete(key);
    opened.set(key, { owner: known === undefined || known.owner === owner ? owner : anyone, usedMs: now() });
  };
  const open = (upstream: Upstream, request: UpstreamRequest, sink: UpstreamSink): UpstreamCall => {
    if (!hasRoom()) {
      count("full");
      return failShortly(
        sink,
        overload(`no more than ${maxSessions} sessions may be open with this server at once; try again later`),
      );
    }
    return upstream.send(
      request,
      onHead(sink, (status, headers) => {
        const session = findHeader(headers, "mcp-session-id");
        if (isSuccess(status) && session !== undefined) noteOpened(session, ownerOf(request));
      }),
    );
  };
  /** Of a session that is not known, or about to end, the server's answer says more. */
  const follow = (
    upstream: Upstream,
    request: UpstreamRequest,
    at: { sink: UpstreamSink; key: string },
  ): UpstreamCall =>
    upstream.send(
      request,
      onHead(at.sink, (status) => {
        if (request.method === "DELETE" ? isSuccess(status) : status === 404) {
          opened.delete(at.key);
          seen.delete(at.key);
        } else if (isSuccess(status) && !opened.has(at.key) && !seen.has(at.key))
          remember(at.key, { owner: ownerOf(request), usedMs: now() });
      }),
    );

  return {
    watch: (upstream) => ({
      close: upstream.close,
      send: (request, sink) => {
        const isOpening = request.message?.method === "initialize";
        if (request.sessionId === undefined)
          return isOpening ? open(upstream, request, sink) : upstream.send(request, sink);
        const key = keyOf(request.sessionId);
        const entry = opened.get(key) ?? seen.get(key);
        if (entry === undefined)
          return isOpening ? open(upstream, request, sink) : follow(upstream, request, { sink, key });
        if (isForeign(entry, request)) {
          count("foreign");
          return answerShortly(sink, refuseForeign(request, server));
        }
        entry.usedMs = now();
        if (isOpening) return open(upstream, request, sink);
        return request.method === "DELETE" ? follow(upstream, request, { sink, key }) : upstream.send(request, sink);
      },
    }),
    count: () => opened.size,
    refused: () => refused,
  };
}

/**
 * Who owns what a request opens: the caller that was vouched for. All others are one: an address is nobody's own, since clients behind
 * a gateway share some and change between them; among them the id keeps sessions apart, which only its client knows.
 */
const ownerOf = ({ caller }: UpstreamRequest): string => (isVouchedFor(caller) ? caller : "");

const isForeign = ({ owner }: Entry, request: UpstreamRequest): boolean =>
  owner !== anyone && owner !== ownerOf(request);

/** Servers choose the length of ids, and clients may send any: what is kept is short. */
const keyOf = (session: string): string => (session.length <= 64 ? session : hash("sha256", session, "base64"));

const isSuccess = (status: number): boolean => status >= 200 && status < 300;

function refuseForeign(request: UpstreamRequest, server: string): Parameters<typeof answerShortly>[1] {
  const idBytes = idOf(request);
  const to = { era: "legacy", server, ...(idBytes === undefined ? {} : { idBytes }) } as const;
  const { status, body } = refuseFor(to, {
    reason: "SessionUnknown",
    text: "The session is not known or has ended.",
  });
  return { status, body };
}

function onHead(sink: UpstreamSink, look: UpstreamSink["onHead"]): UpstreamSink {
  return {
    ...sink,
    onHead: (status, headers) => {
      look(status, headers);
      sink.onHead(status, headers);
    },
  };
}
