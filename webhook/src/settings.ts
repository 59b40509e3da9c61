/** The webhook's settings: flags, their environment variables, forms and defaults. What injection does is the config file's. */
import { webhookPorts } from "@outrigger/api/ports";
import { parseDnsLabel, parseDuration, parseWord } from "@outrigger/api/values";
import { parseListenAddress, parseText, type ParsedSetting, type SettingTable } from "@outrigger/runtime/config";
import { programSettings } from "@outrigger/runtime/program-settings";
import { parseAnnotations } from "./server/namespaces.ts";

const anyAddress = (port: number): { host: string; port: number } => ({ host: "0.0.0.0", port });

/** Names and addresses of a certificate, separated by commas. */
function parseNames(text: string): ParsedSetting<readonly string[]> {
  const names = text.split(",").map((name) => name.trim());
  return names.every((name) => /^[A-Za-z0-9._:-]{1,253}$/.test(name))
    ? { ok: true, value: names }
    : { ok: false, expected: "a comma-separated list of DNS names and IP addresses" };
}

/** The table. Names are what code uses. */
export const settingTable = {
  listen: {
    flag: "listen",
    env: "OUTRIGGER_LISTEN",
    help: "address for the API server, HTTPS",
    parse: parseListenAddress,
    fallback: anyAddress(webhookPorts.tls),
  },
  admin: {
    flag: "admin",
    env: "OUTRIGGER_ADMIN",
    help: "address of health and metrics, HTTP",
    parse: parseListenAddress,
    fallback: anyAddress(webhookPorts.admin),
  },
  config: {
    flag: "config",
    env: "OUTRIGGER_CONFIG",
    help: "JSON file that says how to inject, read again when it changes",
    parse: parseText,
  },
  certificates: {
    flag: "certificates",
    env: "OUTRIGGER_CERTIFICATES",
    help: "files: tls.crt and tls.key of a folder; self: made at start",
    parse: (text: string) => parseWord(text, ["files", "self"]),
    fallback: "self" as const,
  },
  certificateFolder: {
    flag: "certificate-folder",
    env: "OUTRIGGER_CERTIFICATE_FOLDER",
    help: "folder for --certificates files",
    parse: parseText,
    fallback: "/etc/outrigger/tls",
  },
  service: {
    flag: "service",
    env: "OUTRIGGER_SERVICE",
    help: "name of the webhook's Service, for --certificates self",
    parse: parseDnsLabel,
    fallback: "outrigger-webhook",
  },
  names: {
    flag: "names",
    env: "OUTRIGGER_NAMES",
    help: "further names of the certificate, for --certificates self",
    parse: parseNames,
    fallback: ["localhost", "127.0.0.1", "::1"] as readonly string[],
  },
  caOut: {
    flag: "ca-out",
    env: "OUTRIGGER_CA_OUT",
    help: "file that --certificates self writes its authority's certificate to",
    parse: parseText,
  },
  namespaces: {
    flag: "namespaces",
    env: "OUTRIGGER_NAMESPACES",
    help: "file with a NamespaceList, read again when it changes",
    parse: parseText,
  },
  namespaceAnnotations: {
    flag: "namespace-annotations",
    env: "OUTRIGGER_NAMESPACE_ANNOTATIONS",
    help: "annotations of every namespace, as JSON, instead of --namespaces",
    parse: parseAnnotations,
  },
  pollMs: {
    flag: "poll-interval",
    env: "OUTRIGGER_POLL_INTERVAL",
    help: "how often files are looked at",
    parse: parseDuration,
    fallback: 10_000,
  },
  shutdownDelayMs: {
    flag: "shutdown-delay",
    env: "OUTRIGGER_SHUTDOWN_DELAY",
    help: "time between unready and the end of listening",
    parse: parseDuration,
    fallback: 5_000,
  },
  ...programSettings,
} satisfies SettingTable;
