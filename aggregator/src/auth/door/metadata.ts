/**
 * The document that tells clients where tokens for this endpoint come from, and the challenge that leads them to it. Pure.
 * Source: RFC 9728 sections 2, 3 and 5.1, RFC 6750 section 3, MCP 2026-07-28 authorization.
 */
import type { Issuer } from "../oidc/issuers.ts";
import type { PublicAddress } from "./public-address.ts";

/** Where the document is; the path of a resource may stand behind it. */
export const metadataPath = "/.well-known/oauth-protected-resource";

/** Paths that are resources: the endpoints and what lies behind them. */
const resourcePath = /^\/mcp(?:\/[A-Za-z0-9._~-]+)*$/;

/** The document for the resource that a path names, `/.well-known/…` being taken off; undefined where that is none. */
export function describeResource(
  path: string,
  { address, issuers }: { readonly address: PublicAddress; readonly issuers: readonly Issuer[] },
): Readonly<Record<string, unknown>> | undefined {
  const { origin, basePath } = address;
  const own = basePath !== "" && `${path}/`.startsWith(`${basePath}/`) ? path.slice(basePath.length) : path;
  if (own !== "" && !resourcePath.test(own)) return undefined;
  const scopes = [...new Set(issuers.flatMap((issuer) => issuer.scopes))];
  return {
    resource: origin + basePath + own,
    authorization_servers: issuers.map(({ url }) => url),
    bearer_methods_supported: ["header"],
    ...(scopes.length > 0 ? { scopes_supported: scopes } : {}),
    resource_name: "Outrigger",
  };
}

/** Why a caller is challenged. `path`: what it asked for, without base path. `scopes`: those that it needs. */
export interface Challenge {
  readonly address: PublicAddress;
  readonly path: string;
  /** False where no issuer is trusted, so that nobody gives out tokens. */
  readonly hasIssuers: boolean;
  readonly error?: "invalid_request" | "invalid_token" | "insufficient_scope" | undefined;
  readonly message?: string | undefined;
  readonly scopes?: readonly string[] | undefined;
}

/** The value of `WWW-Authenticate`. */
export function writeChallenge({ address, path, hasIssuers, error, message, scopes = [] }: Challenge): string {
  const { origin, basePath } = address;
  const resource = resourcePath.test(path) ? basePath + path : basePath;
  const parameters = {
    ...(hasIssuers ? { resource_metadata: origin + metadataPath + resource } : { realm: "outrigger" }),
    ...(error === undefined ? {} : { error }),
    ...(error === undefined || message === undefined ? {} : { error_description: message }),
    ...(scopes.length === 0 ? {} : { scope: scopes.join(" ") }),
  };
  return `Bearer ${Object.entries(parameters)
    .map(([name, value]) => `${name}="${quote(value)}"`)
    .join(", ")}`;
}

/** Of a quoted text in a header only what may stand there. */
function quote(text: string): string {
  return text.replace(/[^ -~]/g, "?").replace(/["\\]/g, "'");
}
