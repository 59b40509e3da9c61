/**
 * Writes requests to a token endpoint: the form, and how the client shows who it is. Pure.
 * Source: RFC 6749 sections 2.3.1 and 4.4, RFC 7523 section 2.2, RFC 8693 section 2.1, RFC 8707 section 2.
 */

/** What a token is asked for. */
export interface Wish {
  readonly scopes: readonly string[];
  readonly resource: string | undefined;
  readonly audience: string | undefined;
  /** The assertion of who calls, where the token is to be for that caller. */
  readonly subject: string | undefined;
}

/** How the client shows who it is. `assertion`: a JWT that it signed. */
export type Shown =
  | { readonly method: "client_secret_basic"; readonly secret: string }
  | { readonly method: "client_secret_post"; readonly secret: string }
  | { readonly method: "private_key_jwt"; readonly assertion: string };

/** A request: a flat list of headers, and the body. */
export interface TokenRequest {
  readonly headers: readonly string[];
  readonly body: string;
}

const exchangeGrant = "urn:ietf:params:oauth:grant-type:token-exchange";
const accessToken = "urn:ietf:params:oauth:token-type:access_token";
const jwtToken = "urn:ietf:params:oauth:token-type:jwt";
const jwtBearer = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/** Builds the request. */
export function buildTokenRequest(clientId: string, shown: Shown, wish: Wish): TokenRequest {
  const form = new URLSearchParams();
  if (wish.subject === undefined) form.set("grant_type", "client_credentials");
  else {
    form.set("grant_type", exchangeGrant);
    form.set("subject_token", wish.subject);
    form.set("subject_token_type", jwtToken);
    form.set("requested_token_type", accessToken);
  }
  if (wish.scopes.length > 0) form.set("scope", wish.scopes.join(" "));
  if (wish.resource !== undefined) form.set("resource", wish.resource);
  if (wish.audience !== undefined) form.set("audience", wish.audience);
  const own = showClient(clientId, shown, form);
  const headers = ["content-type", "application/x-www-form-urlencoded", "accept", "application/json", ...own];
  return { headers, body: form.toString() };
}

/** Adds to the form, or gives the header that says it. */
function showClient(clientId: string, shown: Shown, form: URLSearchParams): readonly string[] {
  if (shown.method === "client_secret_basic") {
    const pair = `${encode(clientId)}:${encode(shown.secret)}`;
    return ["authorization", `Basic ${Buffer.from(pair, "utf8").toString("base64")}`];
  }
  form.set("client_id", clientId);
  if (shown.method === "client_secret_post") form.set("client_secret", shown.secret);
  else {
    form.set("client_assertion_type", jwtBearer);
    form.set("client_assertion", shown.assertion);
  }
  return [];
}

/** As a form writes it, which is what the header is made of. */
const encode = (text: string): string => new URLSearchParams({ a: text }).toString().slice(2);
