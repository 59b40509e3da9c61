/** Settings of the way in: how many connections, how slow a client may be, how long a call may take. */
import { allowedHosts, isForbiddenHost } from "@outrigger/runtime/forbidden-address";
import { parseRate, parseTime, parseWhole } from "@outrigger/api/values";
import { parseText, type ParsedSetting, type SettingTable } from "@outrigger/runtime/config";

function parseStore(text: string): ParsedSetting<URL> {
  const http = text.replace(/^(?:redis|valkey)s?:/, "http:");
  // Hosts of the web alone are read in one form, whatever way an address is written in.
  const isStore = http !== text && URL.canParse(http) && !isForbiddenHost(new URL(http).hostname);
  return isStore && URL.canParse(text)
    ? { ok: true, value: new URL(text.replace(/^valkey/, "redis").replace(/^rediss?s:/, "rediss:")) }
    : { ok: false, expected: `an address such as "redis://valkey.tools.svc:6379", ${allowedHosts}` };
}

/** The rows of the settings' table. */
export const intakeSettings = {
  callDeadlineMs: {
    flag: "call-deadline",
    env: "OUTRIGGER_CALL_DEADLINE",
    help: "longest time of a whole call, whatever comes meanwhile",
    parse: parseTime,
    fallback: 3_600_000,
  },
  maxConnections: {
    flag: "max-connections",
    env: "OUTRIGGER_MAX_CONNECTIONS",
    help: "connections of clients at once",
    parse: (text: string) => parseWhole(text, { min: 1, max: 1_000_000 }),
    fallback: 8_192,
  },
  maxPeerConnections: {
    flag: "max-peer-connections",
    env: "OUTRIGGER_MAX_PEER_CONNECTIONS",
    help: "connections from one address at once",
    parse: (text: string) => parseWhole(text, { min: 1, max: 1_000_000 }),
    fallback: 6_144,
  },
  floodRate: {
    flag: "flood-rate",
    env: "OUTRIGGER_FLOOD_RATE",
    help: "requests from one address, refused unread above it, such as 1000/s; without it there is no bound",
    parse: parseRate,
  },
  assertionKeys: {
    flag: "assertion-keys",
    env: "OUTRIGGER_ASSERTION_KEYS",
    help: "file with the public keys that may vouch for callers, as JWKS; policy bundles name their own",
    parse: parseText,
  },
  sharedStore: {
    flag: "shared-store",
    env: "OUTRIGGER_SHARED_STORE",
    help: "Valkey or Redis in which rate limits count over all replicas; use the variable for secrets",
    secret: true,
    parse: parseStore,
  },
  headerTimeoutMs: {
    flag: "header-timeout",
    env: "OUTRIGGER_HEADER_TIMEOUT",
    help: "longest time for the headers of a request to arrive",
    parse: parseTime,
    fallback: 10_000,
  },
  requestTimeoutMs: {
    flag: "request-timeout",
    env: "OUTRIGGER_REQUEST_TIMEOUT",
    help: "longest time for a whole request to arrive",
    parse: parseTime,
    fallback: 60_000,
  },
  readerTimeoutMs: {
    flag: "reader-timeout",
    env: "OUTRIGGER_READER_TIMEOUT",
    help: "how long a client may leave an answer unread before its connection ends",
    parse: parseTime,
    fallback: 60_000,
  },
  maxHttpSessions: {
    flag: "max-http-sessions",
    env: "OUTRIGGER_MAX_HTTP_SESSIONS",
    help: "sessions that clients may have open with a server over HTTP at once; one that is idle for --session-idle makes room",
    parse: (text: string) => parseWhole(text, { min: 1, max: 1_000_000 }),
    fallback: 10_000,
  },
} satisfies SettingTable;
