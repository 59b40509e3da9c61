/**
 * Opens what the settings ask for: the ways in which callers are identified, with the files and the connections that they need, and closes them.
 * The only file of this folder that knows all ways.
 */
import type { ClusterAccess } from "@outrigger/kube";
import type { Logger } from "@outrigger/runtime/logger";
import { watchFile } from "@outrigger/runtime/watched-file";
import type { AggregatorSettings } from "../settings.ts";
import { createReview } from "./accounts/review.ts";
import { createAttempts } from "./attempts.ts";
import { admitEverybody, chooseVerifier, createAuthenticate, type Authenticate } from "./authenticate.ts";
import { createCertified, parseAuthorities } from "./certificates/certified.ts";
import { trustNobody } from "./door/proxies.ts";
import { openApiKeys } from "./keys/api-keys.ts";
import { openDocuments } from "./oidc/fetch-document.ts";
import { createOidc, readIssuer } from "./oidc/oidc.ts";
import { createRemembering, type RememberingVerifier } from "./remember.ts";
import { invalid, type AuthMethod } from "./verified.ts";

/** The settings that are read here. */
export type AuthOptions = Pick<
  AggregatorSettings,
  "auth" | "oidcIssuers" | "apiKeys" | "tlsClientCa" | "clientCertHeader" | "trustProxies"
>;

/** What opening needs. `access`: there wherever ServiceAccounts are identified. */
export interface AuthParts {
  readonly access: ClusterAccess | undefined;
  readonly nowMs: () => number;
  readonly logger: Logger;
}

/** What was opened. */
export interface OpenedAuth {
  readonly authenticate: Authenticate;
  readonly close: () => Promise<void>;
}

/** Opens it. Errors: throws where a file can't be used. */
export function openAuth(options: AuthOptions, parts: AuthParts): OpenedAuth {
  const methods: ReadonlySet<AuthMethod> = new Set(options.auth ?? ["none"]);
  if (methods.has("none")) return { authenticate: admitEverybody, close: () => Promise.resolve() };
  const closers: (() => unknown)[] = [];
  const authenticate = createAuthenticate({
    tokens: openTokens(methods, options, { ...parts, closers }),
    holderOfKey: openKeys(options, { ...parts, closers }),
    bearerOfCertificate: methods.has("mtls") ? openCertificates(options, { ...parts, closers }) : undefined,
    attempts: createAttempts(),
    nowMs: parts.nowMs,
  });
  return {
    authenticate,
    close: async () => {
      await Promise.all(closers.map((close) => close()));
    },
  };
}

interface Opening extends AuthParts {
  readonly closers: (() => unknown)[];
}

function openTokens(
  methods: ReadonlySet<AuthMethod>,
  { oidcIssuers }: AuthOptions,
  { access, nowMs, logger, closers }: Opening,
): RememberingVerifier | undefined {
  if (!methods.has("oidc") && !methods.has("service-account")) return undefined;
  const documents = openDocuments();
  closers.push(documents.close);
  const oidc = createOidc({
    ...{ issuers: oidcIssuers, documentsOf: documents.of, nowMs, elapsedMs: () => performance.now() },
    onFailure: (issuer, problem) => logger.warn({ issuer, problem }, "the keys of an issuer can't be used"),
  });
  const onFailure = (problem: string): void =>
    logger.warn({ problem }, "the API server can't be asked whose a token is");
  const review = access === undefined ? undefined : createReview({ access, nowMs, onFailure });
  const issuers = new Set(oidcIssuers.map(({ url }) => url));
  return createRemembering(async (token) => {
    const method = chooseVerifier(readIssuer(token), { methods, issuers });
    if (method === "oidc") return { ...(await oidc(token)), method };
    if (method === "service-account" && review !== undefined) return { ...(await review(token)), method };
    return invalid("The token is of no issuer that is trusted here.");
  }, nowMs);
}

function openKeys({ apiKeys }: AuthOptions, { logger, closers }: Opening) {
  if (apiKeys === undefined) return undefined;
  const keys = openApiKeys({
    path: apiKeys,
    onProblem: (problem) => logger.error({ problem }, "the file of API keys can't be used; the keys of before hold"),
    onChange: (count) => logger.info({ count }, "API keys were read again"),
  });
  closers.push(keys.close);
  return keys.holderOf;
}

function openCertificates({ tlsClientCa: path, ...options }: AuthOptions, { logger, nowMs, closers }: Opening) {
  if (path === undefined) return undefined;
  const opened = watchFile({
    ...{ path, parse: parseAuthorities, pollMs: 1_000 },
    onChange: (authorities) => logger.info({ count: authorities.length }, "authorities of clients were read again"),
    onProblem: (problem) => logger.error({ problem }, "the authorities of clients can't be used; those of before hold"),
  });
  if (!opened.ok) throw new Error(`the authorities of clients can't be used: ${opened.problem}`);
  closers.push(opened.file.close);
  return createCertified({
    authorities: opened.file.current,
    header: options.clientCertHeader,
    isTrusted: options.trustProxies ?? trustNobody,
    nowMs,
  });
}
