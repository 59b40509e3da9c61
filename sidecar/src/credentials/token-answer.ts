/** Reads answers of a token endpoint and of the metadata that name it. Pure; nothing of what was answered gets into a message but error codes. */

/** A token, or why there is none. `lifeMs`: how long it is good for, where that was said. */
export type TokenAnswer =
  { readonly ok: true; readonly value: string; readonly lifeMs: number | undefined } | (TokenFailure & { ok: false });

/** `Unavailable`: it may be had later; `Refused`: not before something changes. */
export interface TokenFailure {
  readonly kind: "Unavailable" | "Refused";
  readonly message: string;
  /** When to ask again, where that was said, in ms. */
  readonly retryAfterMs?: number;
}

/** What came back. `retryAfter`: the header, as it came. */
export interface TokenReply {
  readonly status: number;
  readonly body: string;
  readonly retryAfter?: string | undefined;
}

/** Longest pause that a token endpoint may ask for. */
const longestPauseMs = 300_000;

/** Reads the answer to a request for a token. Source: RFC 6749 sections 5.1 and 5.2. */
export function readTokenAnswer({ status, body, retryAfter }: TokenReply): TokenAnswer {
  const fields = parseObject(body);
  if (status !== 200) return readRefusal(status, fields, retryAfter);
  const { access_token: value, token_type: type, expires_in: life } = fields ?? {};
  // What is put into a header must not be able to end it.
  if (typeof value !== "string" || !/^[\x21-\x7e]+$/.test(value))
    return unavailable("the token endpoint answered without an access token");
  if (typeof type !== "string" || type.toLowerCase() !== "bearer")
    return refused("the token endpoint gave a token that is not of the type Bearer");
  const lifeMs = readLife(life);
  if (lifeMs === 0) return unavailable("the token endpoint gave a token that has ended");
  return { ok: true, value, lifeMs };
}

/** In ms; 0 for a token that has ended, undefined where nothing is said. Some write the number as a text. */
function readLife(life: unknown): number | undefined {
  const seconds = typeof life === "number" || typeof life === "string" ? Number(life) : Number.NaN;
  return Number.isNaN(seconds) ? undefined : Math.min(Math.max(seconds, 0), longestLifeSeconds) * 1_000;
}

const longestLifeSeconds = 86_400;

function readRefusal(status: number, fields: Fields | undefined, retryAfter: string | undefined): TokenAnswer {
  const code = fields?.["error"];
  const isCode = typeof code === "string" && /^[a-z_]{1,64}$/.test(code);
  const said = `the token endpoint answered with HTTP ${status}${isCode ? ` and ${code}` : ""}`;
  if (isFinal(status) && code !== "temporarily_unavailable") return refused(said);
  return { ...unavailable(said), ...readPause(retryAfter) };
}

const isFinal = (status: number): boolean => status >= 400 && status < 500 && status !== 408 && status !== 429;

function readPause(text = ""): { readonly retryAfterMs?: number } {
  return /^[0-9]{1,6}$/.test(text) ? { retryAfterMs: Math.min(Number(text) * 1_000, longestPauseMs) } : {};
}

/** What metadata say: the endpoint, and how clients may show who they are where that was said. */
export type Metadata =
  { readonly ok: true; readonly tokenEndpoint: string; readonly methods: readonly string[] | undefined } | NotMetadata;

/** Why these are none. */
interface NotMetadata {
  readonly ok: false;
  readonly message: string;
}

/** Where the metadata of an issuer stand, in the order in which they are asked for. Source: RFC 8414 sections 3 and 5. */
export function metadataPaths(issuer: string): readonly string[] {
  const path = new URL(issuer).pathname.replace(/\/$/, "");
  const known = "/.well-known/";
  const all = [`${known}oauth-authorization-server${path}`, `${known}openid-configuration${path}`];
  return [...new Set([...all, `${path}${known}openid-configuration`])];
}

/** Reads metadata, which must be those of the issuer that was asked for (RFC 8414 section 3.3). */
export function readMetadata(body: string, issuer: string): Metadata {
  const fields = parseObject(body);
  if (fields?.["issuer"] !== issuer) return { ok: false, message: "its metadata name another issuer" };
  const { token_endpoint: tokenEndpoint, token_endpoint_auth_methods_supported: methods } = fields;
  if (typeof tokenEndpoint !== "string" || !URL.canParse(tokenEndpoint))
    return { ok: false, message: "its metadata name no token endpoint" };
  const isList = Array.isArray(methods) && methods.every((each): each is string => typeof each === "string");
  return { ok: true, tokenEndpoint, methods: isList ? methods : undefined };
}

type Fields = Readonly<Record<string, unknown>>;

function parseObject(text: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(text);
    // Checked to be an object.
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : undefined;
  } catch {
    return undefined;
  }
}

/** A failure that time may mend. */
export const unavailable = (message: string): TokenFailure & { readonly ok: false } => ({
  ...{ ok: false, kind: "Unavailable", message },
});

/** A failure that somebody has to mend. */
export const refused = (message: string): TokenFailure & { readonly ok: false } => ({
  ...{ ok: false, kind: "Refused", message },
});
