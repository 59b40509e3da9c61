/** The settings about replicas of the aggregator: their table, and what of them does not go together. Pure. */
import { isIP } from "node:net";
import { parseDnsLabel } from "@outrigger/api/values";
import { parseListenAddress, parseText, type ParsedSetting } from "@outrigger/runtime/config";

/** The table. See docs/explanation/replicas.md. */
export const replicaSettings = {
  sessionKeys: {
    flag: "session-keys",
    env: "OUTRIGGER_SESSION_KEYS",
    help: "file with the keys that seal sessions, one base64 of 32 bytes per line: the first seals, all open; read again when it changes; without it the program makes one, and its sessions end with it",
    parse: parseText,
  },
  peerListen: {
    flag: "peer-listen",
    env: "OUTRIGGER_PEER_LISTEN",
    help: "address on which other replicas pass requests of sessions on to this one",
    parse: parseListenAddress,
  },
  self: {
    flag: "self",
    env: "OUTRIGGER_SELF",
    help: "how other replicas reach --peer-listen of this one: its IP address, or a URL without a path",
    parse: parseSelf,
  },
  peers: {
    flag: "peers",
    env: "OUTRIGGER_PEERS",
    help: "comma-separated URLs of the other replicas, as their --self is; for replicas outside of a cluster",
    parse: parsePeers,
    fallback: [] as readonly string[],
  },
  peerService: {
    flag: "peer-service",
    env: "OUTRIGGER_PEER_SERVICE",
    help: "NAMESPACE/NAME of the headless Service whose EndpointSlices name the replicas; needs --kube",
    parse: parseService,
  },
};

/** The values that are checked together. */
export interface ReplicaValues {
  readonly sessionKeys: string | undefined;
  readonly peerListen: { readonly host: string; readonly port: number } | undefined;
  readonly self: string | undefined;
  readonly peers: readonly string[];
  readonly peerService: { readonly namespace: string; readonly name: string } | undefined;
  readonly kube: unknown;
}

/** What does not go together. */
export function checkReplicas(values: ReplicaValues): readonly string[] {
  const { peerListen, self, peers, peerService, kube } = values;
  const isShared = peers.length > 0 || peerService !== undefined;
  const wrong: readonly (readonly [boolean, string])[] = [
    [!isShared && (peerListen ?? self) !== undefined, "--peer-listen and --self go with --peers or --peer-service"],
    [peers.length > 0 && peerService !== undefined, "--peers and --peer-service do not go together"],
    [peerService !== undefined && kube === undefined, "--peer-service goes with --kube"],
  ];
  return [...(isShared ? listMissing(values) : []), ...wrong.flatMap(([isSo, problem]) => (isSo ? [problem] : []))];
}

function listMissing({ sessionKeys, peerListen, self }: ReplicaValues): readonly string[] {
  const given = { "--session-keys": sessionKeys, "--peer-listen": peerListen, "--self": self };
  const missing = Object.entries(given).flatMap(([flag, value]) => (value === undefined ? [flag] : []));
  return missing.length === 0 ? [] : [`--peers and --peer-service need ${missing.join(", ")}`];
}

/** The address of this replica as a URL. */
export function addressOf(self: string, { port }: { readonly port: number }): string {
  if (isIP(self) === 0) return self;
  return `http://${isIP(self) === 6 ? `[${self}]` : self}:${port}`;
}

function parseOrigin(text: string): string | undefined {
  const url = URL.parse(text);
  const isOrigin = url !== null && /^https?:$/.test(url.protocol) && url.pathname === "/" && url.search === "";
  return isOrigin && url.username === "" && url.hash === "" ? url.origin : undefined;
}

function parseSelf(text: string): ParsedSetting<string> {
  const value = isIP(text) === 0 ? parseOrigin(text) : text;
  return value === undefined
    ? { ok: false, expected: "an IP address, or an http or https URL without a path such as http://10.1.2.3:7779" }
    : { ok: true, value };
}

function parsePeers(text: string): ParsedSetting<readonly string[]> {
  const origins = text.split(",").map((item) => parseOrigin(item.trim()));
  return origins.every((origin) => origin !== undefined)
    ? { ok: true, value: origins }
    : { ok: false, expected: "a comma-separated list of URLs without a path such as http://10.1.2.3:7779" };
}

function parseService(text: string): ParsedSetting<{ readonly namespace: string; readonly name: string }> {
  const [namespace = "", name = "", ...others] = text.split("/");
  return parseDnsLabel(namespace).ok && parseDnsLabel(name).ok && others.length === 0
    ? { ok: true, value: { namespace, name } }
    : { ok: false, expected: 'a Service such as "outrigger/outrigger-aggregator-peers"' };
}
