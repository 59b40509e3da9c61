/**
 * Asks an authorization server for tokens: finds its token endpoint where only the issuer is known, and shows who the client is. Whether
 * and how long a token is kept is token-source.ts's. Source: RFC 6749 section 4.4, RFC 8414, RFC 7523, RFC 8693.
 */
import { signClientAssertion, type ClientKey } from "@outrigger/runtime/client-assertion";
import type { TlsFiles } from "../upstream/http1/connection.ts";
import type { OAuthClient } from "./document.ts";
import { askSmall, type SmallReply } from "./small-request.ts";
import { judgeTarget } from "./target.ts";
import {
  metadataPaths,
  readMetadata,
  readTokenAnswer,
  refused,
  unavailable,
  type TokenAnswer,
} from "./token-answer.ts";
import { buildTokenRequest, type Shown } from "./token-form.ts";

/** What the client shows: its secret, or its key. */
export type ClientProof = { readonly secret: string } | { readonly key: ClientKey };

/** What is needed. `random`: unguessable ids; `wallNow`: ms since the epoch; `now`: a steady clock in ms. */
export interface TokenEndpointOptions {
  readonly client: OAuthClient;
  readonly proof: ClientProof;
  /** The server's own address, for which tokens are asked for. */
  readonly serverUrl: string;
  readonly privateHosts: ReadonlySet<string>;
  readonly tls: (() => TlsFiles) | undefined;
  readonly random: () => string;
  readonly wallNow: () => number;
  readonly now: () => number;
}

/** Asks for a token: the client's own, or one for the caller that an assertion vouches for. Never rejects. */
export type AskToken = (subject?: string) => Promise<TokenAnswer>;

/** How long metadata are believed. */
const metadataMs = 3_600_000;

type Found = { readonly ok: true; readonly url: URL } | (TokenAnswer & { ok: false });

/** Creates what asks. */
export function createTokenEndpoint(options: TokenEndpointOptions): AskToken {
  const { client, proof, now } = options;
  let known: { readonly url: URL; readonly atMs: number } | undefined;

  const find = async (): Promise<Found> => {
    if ("tokenEndpoint" in client.server) return { ok: true, url: new URL(client.server.tokenEndpoint) };
    if (known !== undefined && now() - known.atMs < metadataMs) return { ok: true, url: known.url };
    const found = await discover(client.server.issuer, options);
    if (found.ok) known = { url: found.url, atMs: now() };
    return found;
  };
  const show = async (url: URL): Promise<Shown> => {
    const { clientId } = client;
    if ("secret" in proof) return { method: secretMethodOf(client), secret: proof.secret };
    const audience = "issuer" in client.server ? client.server.issuer : url.href;
    const claims = { clientId, audience, id: options.random(), nowSeconds: Math.floor(options.wallNow() / 1_000) };
    return { method: "private_key_jwt", assertion: await signClientAssertion(proof.key, claims) };
  };
  return async (subject) => {
    const found = await find();
    if (!found.ok) return found;
    const { scopes, audience, resource = options.serverUrl } = client;
    const wish = { scopes, audience, resource: resource === "none" ? undefined : resource, subject };
    const request = buildTokenRequest(client.clientId, await show(found.url), wish);
    const reply = await askTarget(found.url, request, options);
    if (!reply.ok) {
      known = undefined;
      return unavailable(`the token endpoint at ${found.url.host} can't be asked: ${reply.message}`);
    }
    if (reply.status === 404) known = undefined;
    return readTokenAnswer(reply);
  };
}

const secretMethodOf = ({ method }: OAuthClient): "client_secret_basic" | "client_secret_post" =>
  method.name === "client_secret_post" ? method.name : "client_secret_basic";

async function discover(issuer: string, options: TokenEndpointOptions): Promise<Found> {
  let [wrong, missing] = ["", ""];
  for (const path of metadataPaths(issuer)) {
    const reply = await askTarget(new URL(path, issuer), { headers: ["accept", "application/json"] }, options);
    if (!reply.ok) return unavailable(`the issuer ${issuer} can't be asked: ${reply.message}`);
    if (reply.status >= 500 || reply.status === 429)
      return unavailable(`the issuer ${issuer} answered with HTTP ${reply.status}`);
    const metadata = reply.status === 200 ? readMetadata(reply.body, issuer) : undefined;
    if (metadata?.ok === true) return judgeEndpoint(metadata, options);
    if (metadata === undefined) missing = `it answered with HTTP ${reply.status}`;
    else wrong = metadata.message;
  }
  // What stands at one of the places says more than that nothing does at the others.
  return refused(`the issuer ${issuer} can't be used: ${wrong === "" ? missing : wrong}`);
}

/** What was found at a public place may lead to a private one: only what somebody wrote down may. */
function judgeEndpoint(
  { tokenEndpoint, methods }: { readonly tokenEndpoint: string; readonly methods: readonly string[] | undefined },
  { client, privateHosts }: TokenEndpointOptions,
): Found {
  const url = new URL(tokenEndpoint);
  const target = judgeTarget(url, privateHosts);
  if (!target.ok) return refused(`the token endpoint at ${url.host} is not used: expected ${target.expected}`);
  const { name } = client.method;
  if (methods !== undefined && !methods.includes(name))
    return refused(`the token endpoint at ${url.host} does not say that it takes ${name}`);
  return { ok: true, url };
}

async function askTarget(
  url: URL,
  request: { readonly headers: readonly string[]; readonly body?: string },
  { privateHosts, tls }: TokenEndpointOptions,
): Promise<SmallReply> {
  const target = judgeTarget(url, privateHosts);
  if (!target.ok) return { ok: false, message: `expected ${target.expected}` };
  return askSmall({ ...request, url, lookup: target.lookup, tls });
}
