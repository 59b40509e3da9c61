/** Settings of the door: who is let in, by which credentials, over which TLS and behind which proxies; and what of them can't be meant together. Pure. */
import { isIP } from "node:net";
import { parseWord } from "@outrigger/api/values";
import { parseText, type ParsedSetting } from "@outrigger/runtime/config";
import { parseProxies } from "./door/proxies.ts";
import { parseBasePath, parsePublicUrl } from "./door/public-address.ts";
import { parseIssuers, type Issuer } from "./oidc/issuers.ts";
import { authMethods, type AuthMethod } from "./verified.ts";

/** The table. */
export const authSettings = {
  auth: {
    flag: "auth",
    env: "OUTRIGGER_AUTH",
    help: "how callers are identified: oidc, service-account, api-key, mtls, or several of them separated by commas; none lets everybody in. Needed unless --listen is a loopback address",
    parse: parseMethods,
  },
  oidcIssuers: {
    flag: "oidc-issuers",
    env: "OUTRIGGER_OIDC_ISSUERS",
    help: "issuers of tokens for --auth oidc: URL=AUDIENCE separated by commas, or a JSON list with more to say of each",
    parse: parseIssuers,
    fallback: [] as readonly Issuer[],
  },
  apiKeys: {
    flag: "api-keys",
    env: "OUTRIGGER_API_KEYS",
    help: "file of API keys for --auth api-key, with lines as outrigger api-key prints them; read again when it changes",
    parse: parseText,
  },
  tlsCert: {
    flag: "tls-cert",
    env: "OUTRIGGER_TLS_CERT",
    help: "PEM file with the certificate of the endpoint; read again when it changes. Without it the endpoint speaks plain HTTP",
    parse: parseText,
  },
  tlsKey: {
    flag: "tls-key",
    env: "OUTRIGGER_TLS_KEY",
    help: "PEM file with the key of that certificate",
    parse: parseText,
  },
  tlsClientCa: {
    flag: "tls-client-ca",
    env: "OUTRIGGER_TLS_CLIENT_CA",
    help: "PEM file with the authorities that sign clients' certificates, for --auth mtls",
    parse: parseText,
  },
  clientCertHeader: {
    flag: "client-cert-header",
    env: "OUTRIGGER_CLIENT_CERT_HEADER",
    help: "header in which proxies of --trust-proxies hand on the client's certificate, as RFC 9440 or nginx write it",
    parse: parseHeaderName,
  },
  trustProxies: {
    flag: "trust-proxies",
    env: "OUTRIGGER_TRUST_PROXIES",
    help: "comma-separated ranges of proxies whose headers about the client are believed; nobody's without it",
    parse: parseProxies,
  },
  proxyHeaders: {
    flag: "proxy-headers",
    env: "OUTRIGGER_PROXY_HEADERS",
    help: "which headers those proxies write: x-forwarded (X-Forwarded-For, -Proto, -Host) or forwarded (RFC 7239)",
    parse: (text: string) => parseWord(text, ["x-forwarded", "forwarded"]),
    fallback: "x-forwarded" as const,
  },
  publicUrl: {
    flag: "public-url",
    env: "OUTRIGGER_PUBLIC_URL",
    help: "URL under which clients know the aggregator, with the base path if there is one; else that of each request",
    parse: parsePublicUrl,
  },
  basePath: {
    flag: "base-path",
    env: "OUTRIGGER_BASE_PATH",
    help: "path in front of all others, such as that of an ingress; requests come with or without it",
    parse: parseBasePath,
  },
};

/** Values of the table, and where it is listened. */
export interface AuthValues {
  readonly listen: { readonly host: string };
  readonly kube: object | undefined;
  readonly auth: readonly AuthMethod[] | undefined;
  readonly oidcIssuers: readonly Issuer[];
  readonly apiKeys: string | undefined;
  readonly tlsCert: string | undefined;
  readonly tlsKey: string | undefined;
  readonly tlsClientCa: string | undefined;
  readonly clientCertHeader: string | undefined;
  readonly trustProxies: unknown;
  readonly publicUrl: { readonly basePath: string } | undefined;
  readonly basePath: string | undefined;
}

/** Every problem with them together. */
export function checkAuth(values: AuthValues): readonly string[] {
  return [...checkOpen(values), ...checkMethods(values), ...checkTls(values), ...checkPaths(values)];
}

/** What makes the program open to everybody unasked. */
export const openWithoutAuth =
  "--auth is needed where --listen is no loopback address: say how callers are identified (oidc, service-account, api-key, mtls), or --auth none to let everybody in";

function checkOpen({ auth, listen }: AuthValues): readonly string[] {
  return auth === undefined && !isLoopback(listen.host) ? [openWithoutAuth] : [];
}

function checkMethods({ auth = [], kube, oidcIssuers, apiKeys, tlsClientCa }: AuthValues): readonly string[] {
  const has = (method: AuthMethod): boolean => auth.includes(method);
  return [
    ...together(has("oidc"), oidcIssuers.length > 0, "--auth oidc and --oidc-issuers go together"),
    ...together(has("api-key"), apiKeys !== undefined, "--auth api-key and --api-keys go together"),
    ...together(has("mtls"), tlsClientCa !== undefined, "--auth mtls and --tls-client-ca go together"),
    ...(has("service-account") && kube === undefined ? ["--auth service-account goes with --kube"] : []),
  ];
}

function checkTls(values: AuthValues): readonly string[] {
  const { auth = [], tlsCert, tlsKey, clientCertHeader, trustProxies } = values;
  const isMutual = auth.includes("mtls");
  return [
    ...(isMutual && tlsCert === undefined && clientCertHeader === undefined
      ? ["--auth mtls needs --tls-cert, or --client-cert-header of proxies that are trusted"]
      : []),
    ...(clientCertHeader !== undefined && !isMutual ? ["--client-cert-header goes with --auth mtls"] : []),
    ...together(tlsCert !== undefined, tlsKey !== undefined, "--tls-cert and --tls-key go together"),
    ...(clientCertHeader !== undefined && trustProxies === undefined
      ? ["--client-cert-header needs --trust-proxies, since everybody else could write that header too"]
      : []),
  ];
}

function checkPaths({ publicUrl, basePath }: AuthValues): readonly string[] {
  const isSame = publicUrl === undefined || basePath === undefined || publicUrl.basePath === basePath;
  return isSame ? [] : ["--public-url ends with the path of --base-path, or --base-path is left out"];
}

const together = (one: boolean, other: boolean, problem: string): readonly string[] => (one === other ? [] : [problem]);

/** Whether only programs of this machine can connect. */
export function isLoopback(host: string): boolean {
  const bare = host.toLowerCase();
  return bare === "localhost" || bare === "::1" || (isIP(bare) === 4 && bare.startsWith("127."));
}

function parseMethods(text: string): ParsedSetting<readonly AuthMethod[]> {
  const known: readonly string[] = authMethods;
  const words = text.split(",").map((word) => word.trim());
  const isRight = words.every((word) => known.includes(word)) && new Set(words).size === words.length;
  const isAlone = !words.includes("none") || words.length === 1;
  // Each is one of them.
  return isRight && isAlone
    ? { ok: true, value: words as AuthMethod[] }
    : {
        ok: false,
        expected: "oidc, service-account, api-key, mtls or several of them separated by commas, or none alone",
      };
}

function parseHeaderName(text: string): ParsedSetting<string> {
  const name = text.toLowerCase();
  const isTaken = ["authorization", "x-api-key", "cookie", "host"].includes(name);
  return /^[a-z0-9-]{1,64}$/.test(name) && !isTaken
    ? { ok: true, value: name }
    : { ok: false, expected: 'the name of a header such as "client-cert"' };
}
