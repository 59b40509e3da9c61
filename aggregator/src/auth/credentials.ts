/**
 * What a request presents to say who makes it. Decides that there is at most one credential, in a header, of bounded size: what two readers
 * could understand as two callers is refused. Pure. Source: RFC 6750 sections 2 and 3.1, MCP 2026-07-28 authorization "Access token usage".
 */

/** A request as far as this is read from it. `rawHeaders`: names and values in turn, as Node has them. */
export interface PresentingRequest {
  readonly url?: string | undefined;
  readonly rawHeaders: readonly string[];
}

/** The one credential in the headers, none, or why what is there can't be taken. */
export type Presented =
  | { readonly kind: "none" }
  | { readonly kind: "credential"; readonly text: string }
  | { readonly kind: "malformed"; readonly message: string };

/** Longest credential that is looked at, characters. */
export const maxCredentialChars = 8 * 1024;

/** Names under which tokens are put into queries elsewhere; a query stands in logs of everything on the way. */
const queryNames: ReadonlySet<string> = new Set(["access_token", "token", "api_key", "apikey", "x-api-key"]);

/** Reads it. */
export function readCredential({ url = "", rawHeaders }: PresentingRequest): Presented {
  if (hasCredentialInQuery(url)) {
    return malformed("A credential in the query is not accepted; send it in the header Authorization.");
  }
  const bearers = listValues(rawHeaders, "authorization").map(readBearer);
  const [text, ...more] = [...bearers, ...listValues(rawHeaders, "x-api-key")];
  if (more.length > 0) {
    return malformed("More than one credential: send one header Authorization, or one X-API-Key.");
  }
  if (text === undefined) {
    return bearers.length === 0 ? { kind: "none" } : malformed("Authorization must be of the form Bearer TOKEN.");
  }
  if (text.length > maxCredentialChars) return malformed(`A credential has at most ${maxCredentialChars} characters.`);
  return text === "" ? malformed("The credential is empty.") : { kind: "credential", text };
}

function hasCredentialInQuery(url: string): boolean {
  const at = url.indexOf("?");
  const names = at < 0 ? [] : [...new URLSearchParams(url.slice(at + 1)).keys()];
  return names.some((name) => queryNames.has(name.toLowerCase()));
}

/** Node joins or drops what comes twice; as it came it is all there. */
function listValues(rawHeaders: readonly string[], wanted: string): readonly string[] {
  return rawHeaders.flatMap((name, at) =>
    at % 2 === 0 && name.toLowerCase() === wanted ? [(rawHeaders[at + 1] ?? "").trim()] : [],
  );
}

/** The token; undefined where the scheme is another or more stands behind it. */
function readBearer(value: string): string | undefined {
  return /^bearer +([A-Za-z0-9._~+/-]+=*)$/i.exec(value)?.[1];
}

function malformed(message: string): Presented {
  return { kind: "malformed", message };
}
