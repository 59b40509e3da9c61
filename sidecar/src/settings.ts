/** The sidecar's settings: flags, their environment variables, forms and defaults. Checked by hand-written parsers only. */
import { appProbesVariable, stopHooksVariable, type AppProbeEntry } from "@outrigger/api/app-probe";
import { isIP } from "node:net";
import { sidecarPorts } from "@outrigger/api/ports";
import { shimPaths, stdioSocketVariable } from "@outrigger/api/shim";
import { parseDnsLabel, parseDuration, parsePath, parseServerName, parseWhole, parseWord } from "@outrigger/api/values";
import { auditSettings } from "@outrigger/runtime/audit-settings";
import { parseListenAddress, parseText, type ParsedSetting, type SettingTable } from "@outrigger/runtime/config";
import { programSettings } from "@outrigger/runtime/program-settings";
import { outgoingSettings } from "./credentials/settings.ts";
import { intakeSettings } from "./intake/settings.ts";
import type { Address } from "./listen.ts";
import { parseAppProbes, parseStopHooks } from "./probe/app-probe.ts";
import { healthSettings } from "./probe/settings.ts";
import { allowedHosts, isForbiddenHost } from "@outrigger/runtime/forbidden-address";

const loopback = (port: number): readonly Address[] => [{ host: "127.0.0.1", port }];

/** Reads addresses separated by commas; the hosts `pod` and `loopback` stand for what a pod has. */
function parseAddresses(text: string): ParsedSetting<readonly Address[]> {
  const parsed = text.split(",").map((each) => parseListenAddress(each.trim()));
  const addresses = parsed.flatMap((each) => (each.ok ? [each.value] : []));
  return addresses.length === parsed.length
    ? { ok: true, value: addresses }
    : { ok: false, expected: 'HOST:PORT such as "127.0.0.1:8080", or several separated by commas' };
}

function parseIps(text: string): ParsedSetting<readonly string[]> {
  const addresses = text.split(",").map((each) => each.trim());
  return addresses.every((address) => isIP(address) !== 0)
    ? { ok: true, value: addresses }
    : { ok: false, expected: "IP addresses separated by commas" };
}

function parseProbes(text: string): ParsedSetting<ReadonlyMap<string, AppProbeEntry>> {
  const json = parseJson(text);
  const probes = json.ok ? parseAppProbes(json.value) : undefined;
  return probes === undefined
    ? { ok: false, expected: "a JSON object of probes by path" }
    : { ok: true, value: probes };
}

function parseHooks(text: string): ParsedSetting<ReadonlyMap<string, number>> {
  const json = parseJson(text);
  const hooks = json.ok ? parseStopHooks(json.value) : undefined;
  return hooks === undefined
    ? { ok: false, expected: "a JSON object of whole seconds by path" }
    : { ok: true, value: hooks };
}

function parseUrl(text: string): ParsedSetting<URL> {
  const url = /^https?:\/\//.test(text) && URL.canParse(text) ? new URL(text) : undefined;
  return url !== undefined && !isForbiddenHost(url.hostname)
    ? { ok: true, value: url }
    : { ok: false, expected: `an address such as "http://127.0.0.1:8080/mcp", ${allowedHosts}` };
}

/** What a Unix socket's address can hold, in bytes. */
const maxSocketPathBytes = 107;

function parseSocketPath(text: string): ParsedSetting<string> {
  const fits = text.startsWith("/") && !text.includes("\0") && Buffer.byteLength(text) <= maxSocketPathBytes;
  return fits
    ? { ok: true, value: text }
    : { ok: false, expected: `an absolute path of at most ${maxSocketPathBytes} bytes such as "${shimPaths.socket}"` };
}

function parseHosts(text: string): ParsedSetting<readonly string[]> {
  const hosts = text.split(",").map((host) => host.trim().toLowerCase());
  return hosts.every((host) => /^[a-z0-9._:[\]-]+$/.test(host))
    ? { ok: true, value: hosts }
    : { ok: false, expected: "a comma-separated list of host names without ports" };
}

/** Reads a JSON object of strings into a flat header list. */
function parseHeaders(text: string): ParsedSetting<readonly string[]> {
  const expected = 'a JSON object of strings such as {"Authorization":"Bearer …"}';
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { ok: false, expected };
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return { ok: false, expected };
  const entries = Object.entries(value);
  const fits = entries.every(([name, item]) => /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name) && isFieldValue(item));
  return fits ? { ok: true, value: entries.flatMap(([name, item]) => [name, String(item)]) } : { ok: false, expected };
}

/** A header value (RFC 9110 section 5.5): printable, spaces and tabs inside. */
function isFieldValue(value: unknown): value is string {
  return typeof value === "string" && /^[\t -~\u0080-\u00ff]*$/.test(value);
}

/** Reads a JSON object of strings. */
function parseStrings(text: string): ParsedSetting<Readonly<Record<string, string>>> {
  const json = parseJson(text);
  const expected = "a JSON object of strings";
  if (!json.ok || typeof json.value !== "object" || json.value === null || Array.isArray(json.value)) {
    return { ok: false, expected };
  }
  const entries = Object.entries(json.value).filter((entry): entry is [string, string] => typeof entry[1] === "string");
  const isWhole = entries.length === Object.keys(json.value).length;
  return isWhole ? { ok: true, value: Object.fromEntries(entries) } : { ok: false, expected };
}

function parseJson(text: string): ParsedSetting<unknown> {
  try {
    return { ok: true, value: JSON.parse(text) as unknown };
  } catch {
    return { ok: false, expected: "JSON" };
  }
}

/** The table. Names are what code uses. */
export const settingTable = {
  listen: {
    flag: "listen",
    env: "OUTRIGGER_LISTEN",
    help: "address of the MCP endpoint",
    parse: parseAddresses,
    fallback: loopback(sidecarPorts.data),
  },
  control: {
    flag: "control",
    env: "OUTRIGGER_CONTROL",
    help: "address of the catalogue feed",
    parse: parseAddresses,
    fallback: loopback(sidecarPorts.control),
  },
  admin: {
    flag: "admin",
    env: "OUTRIGGER_ADMIN",
    help: "address of health and metrics",
    parse: parseAddresses,
    fallback: loopback(sidecarPorts.admin),
  },
  upstream: {
    flag: "upstream",
    env: "OUTRIGGER_UPSTREAM",
    help: "the server's MCP endpoint; without it the command behind -- is run",
    parse: parseUrl,
  },
  transport: {
    flag: "transport",
    env: "OUTRIGGER_TRANSPORT",
    help: "how the server at --upstream speaks: streamable-http or sse; without it that is found out",
    parse: (text: string) => parseWord(text, ["streamable-http", "sse"]),
  },
  stdioSocket: {
    flag: "stdio-socket",
    env: stdioSocketVariable,
    help: "Unix socket of the shim that runs a stdio server in a container of its own",
    parse: parseSocketPath,
  },
  upstreamHeaders: {
    flag: "upstream-headers",
    env: "OUTRIGGER_UPSTREAM_HEADERS",
    help: "headers for the server, as JSON; use the variable for secrets",
    secret: true,
    parse: parseHeaders,
    fallback: [] as readonly string[],
  },
  ...outgoingSettings,
  serverEnv: {
    flag: "server-env",
    env: "OUTRIGGER_SERVER_ENV",
    help: "variables for the command behind --, as JSON; use the variable for secrets",
    secret: true,
    parse: parseStrings,
    fallback: {},
  },
  path: { flag: "path", env: "OUTRIGGER_PATH", help: "path of the MCP endpoint", parse: parsePath, fallback: "/mcp" },
  server: {
    flag: "server",
    env: "OUTRIGGER_SERVER",
    help: "the server's name",
    parse: parseServerName,
    fallback: "server",
  },
  policyFile: {
    flag: "policy",
    env: "OUTRIGGER_POLICY_FILE",
    help: "policy document, read again when it changes",
    parse: parseText,
  },
  quickPolicy: {
    flag: "quick-policy",
    env: "OUTRIGGER_QUICK_POLICY",
    help: "resolved annotations, as JSON",
    parse: parseJson,
  },
  podInfo: {
    flag: "pod-info",
    env: "OUTRIGGER_POD_INFO",
    help: "folder with the pod's policy bundle and annotations, read again when it changes",
    parse: parseText,
  },
  trustKeys: {
    flag: "trust-keys",
    env: "OUTRIGGER_TRUST_KEYS",
    help: "public keys that sign policy bundles, as JWKS; with them nothing is allowed without a bundle",
    parse: parseJson,
  },
  namespace: {
    flag: "namespace",
    env: "OUTRIGGER_NAMESPACE",
    help: "the pod's namespace, for which policy bundles are meant",
    parse: parseDnsLabel,
  },
  hosts: {
    flag: "hosts",
    env: "OUTRIGGER_HOSTS",
    help: "further names in the Host header that are accepted",
    parse: parseHosts,
    fallback: [] as readonly string[],
  },
  callTimeoutMs: {
    flag: "call-timeout",
    env: "OUTRIGGER_CALL_TIMEOUT",
    help: "longest silence of a server during a call",
    parse: parseDuration,
    fallback: 120_000,
  },
  drainSeconds: {
    flag: "drain-seconds",
    env: "OUTRIGGER_DRAIN_SECONDS",
    help: "time for open calls after SIGTERM",
    parse: (text: string) => parseWhole(text, { min: 0, max: 3_600 }),
    fallback: 20,
  },
  maxSessions: {
    flag: "max-sessions",
    env: "OUTRIGGER_MAX_SESSIONS",
    help: "processes of a stdio server at once",
    parse: (text: string) => parseWhole(text, { min: 1, max: 10_000 }),
    fallback: 64,
  },
  sessionIdleMs: {
    flag: "session-idle",
    env: "OUTRIGGER_SESSION_IDLE",
    help: "idle time after which a session ends, with a server of stdio or of the older HTTP+SSE transport",
    parse: parseDuration,
    fallback: 1_800_000,
  },
  ...auditSettings,
  ...intakeSettings,
  ...healthSettings,
  ...programSettings,
  podIps: {
    flag: "pod-ips",
    env: "OUTRIGGER_POD_IPS",
    help: "the pod's addresses, for listeners on the host pod",
    parse: parseIps,
    fallback: [] as readonly string[],
  },
  appProbes: {
    flag: "app-probes",
    env: appProbesVariable,
    help: "the server's own probes, by the path on the admin port",
    parse: parseProbes,
    fallback: new Map<string, AppProbeEntry>(),
  },
  stopHooks: {
    flag: "stop-hooks",
    env: stopHooksVariable,
    help: "hooks before the server is told to stop: seconds by the path on the admin port",
    parse: parseHooks,
    fallback: new Map<string, number>(),
  },
} satisfies SettingTable;
