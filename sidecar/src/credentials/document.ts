/**
 * The document of `--upstream-auth`: with which credentials the sidecar speaks to its server. Read strictly; it names files that hold
 * secrets and holds none itself, so that it may stand in a ConfigMap. Pure.
 */
import type { FileProblem } from "@outrigger/api/server-file";
import { isHttpUrl, readFields, type Fields, type Report } from "./fields.ts";

/** A file, relative to the document's own folder or absolute, whose text is the secret; line ends behind it are no part of it. */
export interface SecretFile {
  readonly file: string;
}

/** One header: its value, or the file that holds it. Names in lower case. */
export type HeaderSource = { readonly name: string } & (SecretFile | { readonly value: string });

/** How a client shows a token endpoint who it is. Names of RFC 7591, "token_endpoint_auth_method". */
export type ClientMethod =
  | { readonly name: "client_secret_basic" | "client_secret_post"; readonly secret: SecretFile }
  | {
      readonly name: "private_key_jwt";
      readonly key: SecretFile;
      readonly keyId: string | undefined;
      readonly algorithm: string | undefined;
    };

/** An OAuth client of the sidecar's own. `perCaller`: calls are made with tokens that were exchanged for who calls (RFC 8693). */
export interface OAuthClient {
  readonly kind: "ClientCredentials";
  /** Whose metadata name the token endpoint (RFC 8414), or that endpoint itself. */
  readonly server: { readonly issuer: string } | { readonly tokenEndpoint: string };
  readonly clientId: string;
  readonly method: ClientMethod;
  readonly scopes: readonly string[];
  /** The server that tokens are asked for (RFC 8707). Undefined: the server's own address. `none`: it is not said. */
  readonly resource: string | undefined;
  readonly audience: string | undefined;
  readonly perCaller: boolean;
}

/** The document. */
export type AuthDocument = {
  /** Hosts that may stand for private addresses, and be spoken to without TLS; in lower case. */
  readonly privateHosts: readonly string[];
} & (
  | { readonly kind: "Headers"; readonly headers: readonly HeaderSource[] }
  | { readonly kind: "Bearer"; readonly token: SecretFile }
  | OAuthClient
);

/** The document, or every problem with its path. Values of the document are never repeated in a problem. */
export type ReadDocument =
  | { readonly ok: true; readonly document: AuthDocument }
  | { readonly ok: false; readonly problems: readonly FileProblem[] };

const kinds = ["Headers", "Bearer", "ClientCredentials"] as const;

/** Reads the document from a parsed value. */
export function parseAuthDocument(value: unknown): ReadDocument {
  const problems: FileProblem[] = [];
  const report: Report = (path, expected) => void problems.push({ path, expected });
  const fields = readFields(value, report);
  const document = fields === undefined ? undefined : readKind(fields, report);
  if (document === undefined || problems.length > 0) return { ok: false, problems };
  return { ok: true, document };
}

function readKind(fields: Fields, report: Report): AuthDocument | undefined {
  const kind = kinds.find((each) => each === fields.take("kind"));
  if (kind === undefined) {
    report(["kind"], kinds.join(" or "));
    return undefined;
  }
  const privateHosts = fields.texts("privateHosts", /^[A-Za-z0-9._:[\]-]+$/, "host names without ports");
  const rest = { Headers: readHeaders, Bearer: readBearer, ClientCredentials: readClient }[kind](fields, report);
  fields.refuseOthers();
  return rest === undefined ? undefined : { ...rest, privateHosts: privateHosts.map((host) => host.toLowerCase()) };
}

type Part<K extends AuthDocument["kind"]> = Omit<Extract<AuthDocument, { kind: K }>, "privateHosts">;

function readBearer(fields: Fields): Part<"Bearer"> | undefined {
  const token = fields.file("token");
  return token === undefined ? undefined : { kind: "Bearer", token };
}

/** Headers that are the connection's, or the message's own. */
const notCredentials: ReadonlySet<string> = new Set([
  ...["host", "connection", "content-length", "content-type", "transfer-encoding", "accept", "accept-encoding"],
  ...["mcp-session-id", "mcp-protocol-version", "mcp-method", "mcp-name", "last-event-id"],
]);

function readHeaders(fields: Fields, report: Report): Part<"Headers"> | undefined {
  const given = readFields(fields.take("headers"), (path, expected) => report(["headers", ...path], expected));
  if (given === undefined) return undefined;
  const headers = given.names().flatMap((name): HeaderSource[] => {
    const lower = name.toLowerCase();
    const isHeader = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name) && !notCredentials.has(lower);
    if (!isHeader) report(["headers", name], "the name of a header that is not the message's own");
    const source = readSource(given.take(name), (path, expected) => report(["headers", name, ...path], expected));
    return source === undefined ? [] : [{ name: lower, ...source }];
  });
  if (given.names().length === 0) report(["headers"], "at least one header");
  if (new Set(headers.map(({ name }) => name)).size < headers.length)
    report(["headers"], "each header once, whatever the case of its letters");
  return { kind: "Headers", headers };
}

function readSource(given: unknown, report: Report): SecretFile | { readonly value: string } | undefined {
  const fields = readFields(given, report, '{"file": "NAME"} or {"value": "TEXT"}');
  if (fields === undefined) return undefined;
  const value = fields.take("value") === undefined ? undefined : fields.text("value", /^[\t -~\u0080-\u00ff]*$/);
  const file = value === undefined || fields.take("file") !== undefined ? fields.ownFile() : undefined;
  fields.refuseOthers();
  if (value !== undefined && file !== undefined) report([], "either file or value");
  return value === undefined ? file : { value };
}

function readClient(fields: Fields, report: Report): Part<"ClientCredentials"> | undefined {
  const server = readServer(fields, report);
  const clientId = fields.text("clientId", /^[ -~]+$/, "the client's id");
  const method = readMethod(fields, report);
  const scopes = fields.texts("scopes", /^[!#-[\]-~]+$/, "scopes, each without spaces");
  const resource = fields.optionalText("resource", isResource, 'an absolute URL without a fragment, or "none"');
  const audience = fields.optionalText("audience", (text) => /^[ -~]+$/.test(text), "a text");
  const perCaller = fields.take("perCaller") ?? false;
  if (typeof perCaller !== "boolean") report(["perCaller"], "true or false");
  if (server === undefined || clientId === undefined || method === undefined) return undefined;
  const isPerCaller = perCaller === true;
  return { kind: "ClientCredentials", server, clientId, method, scopes, resource, audience, perCaller: isPerCaller };
}

const isResource = (text: string): boolean => text === "none" || (URL.canParse(text) && !text.includes("#"));

function readServer(fields: Fields, report: Report): OAuthClient["server"] | undefined {
  const expected = "an address such as https://login.example.com, without query and fragment";
  const issuer = fields.optionalText("issuer", (text) => isHttpUrl(text) && !/[?#]/.test(text), expected);
  const tokenEndpoint = fields.optionalText("tokenEndpoint", (text) => isHttpUrl(text), "an address of https");
  if (issuer !== undefined && tokenEndpoint === undefined) return { issuer };
  if (tokenEndpoint !== undefined && issuer === undefined) return { tokenEndpoint };
  if (!fields.hasProblem("issuer", "tokenEndpoint")) report([], "either issuer or tokenEndpoint");
  return undefined;
}

const secretMethods = ["client_secret_basic", "client_secret_post"] as const;

function readMethod(fields: Fields, report: Report): ClientMethod | undefined {
  const wished = fields.take("method");
  const hasKey = fields.take("privateKey") !== undefined;
  const hasSecret = fields.take("clientSecret") !== undefined;
  if (hasKey === hasSecret) {
    report([], "either clientSecret or privateKey");
    return undefined;
  }
  if (hasSecret) {
    const secret = fields.file("clientSecret");
    const name = secretMethods.find((each) => each === (wished ?? "client_secret_basic"));
    if (name === undefined) report(["method"], `${secretMethods.join(" or ")}, with clientSecret`);
    return secret === undefined || name === undefined ? undefined : { name, secret };
  }
  if (wished !== undefined && wished !== "private_key_jwt") report(["method"], "private_key_jwt, with privateKey");
  const key = fields.file("privateKey");
  const keyId = fields.optionalText("keyId", (text) => text !== "", "a text");
  const algorithm = fields.optionalText("algorithm", (text) => /^[A-Za-z0-9]+$/.test(text), "such as PS256");
  return key === undefined ? undefined : { name: "private_key_jwt", key, keyId, algorithm };
}

/** The files that hold the document's secrets, as they are named there. */
export function filesOf(document: AuthDocument): readonly string[] {
  switch (document.kind) {
    case "Headers":
      return document.headers.flatMap((each) => ("file" in each ? [each.file] : []));
    case "Bearer":
      return [document.token.file];
    case "ClientCredentials":
      return [document.method.name === "private_key_jwt" ? document.method.key.file : document.method.secret.file];
  }
}
