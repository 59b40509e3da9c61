/**
 * Says why a connection failed, so that a person can act on it: which address was tried, which setting named it, what the
 * system said, and what that means. The one place where codes of the network are put into words. Pure.
 */

/** What was dialled. `setting`: the flag, variable or file that named the address, such as `--kube` or `OUTRIGGER_ENDPOINT`. */
export interface Dialled {
  readonly address: string;
  readonly setting: string;
}

/** The sentence of a failed connection, without a full stop: `can't reach ADDRESS (from SETTING): WHY (CODE)`. */
export function describeFailedConnection({ address, setting }: Dialled, error: unknown): string {
  return `can't reach ${withoutSecrets(address)} (from ${setting}): ${explainConnectionError(error)}`;
}

/** Why a connection failed, as a clause that ends with the system's code where there is one. */
export function explainConnectionError(error: unknown): string {
  const code = readConnectionCode(error);
  if (code === undefined) return readMessage(error);
  const meaning = meanings[code] ?? readMessage(error);
  return meaning.includes(code) ? meaning : `${meaning} (${code})`;
}

/** The system's code of a failed connection: the error's own, that of its cause, or of the first attempt of several. */
export function readConnectionCode(error: unknown): string | undefined {
  let looked: unknown = error;
  // Libraries wrap an error a few times at most.
  for (let depth = 0; depth < 5 && looked instanceof Error; depth++) {
    if ("code" in looked && typeof looked.code === "string" && looked.code !== "") return looked.code;
    const named = codesOfNames[looked.name];
    if (named !== undefined) return named;
    looked = looked instanceof AggregateError ? (looked.errors[0] as unknown) : looked.cause;
  }
  return undefined;
}

/** Errors that have a name where others have a code. */
const codesOfNames: Readonly<Record<string, string>> = {
  TimeoutError: "ETIMEDOUT",
  HTTPParserError: "HPE_INVALID_CONSTANT",
};

const silent = "no answer in time; a firewall, a network policy or a wrong address may be in between";
const unknownName = "the host name is not known; it may be misspelt, or known only inside the cluster or a VPN";
const unknownAuthority = "its certificate is not signed by an authority that is trusted here";
const closed = "the connection was closed before the answer";
const noHttp = "what answers there does not speak plain HTTP; the address may want https";

/** What the codes of Node.js, OpenSSL and undici mean to who reads them. Source: Node.js "Errors", OpenSSL X509 verify codes. */
const meanings: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing listens there",
  ENOTFOUND: unknownName,
  EAI_AGAIN: "the host name can't be looked up now: no name server answers",
  ETIMEDOUT: silent,
  UND_ERR_CONNECT_TIMEOUT: silent,
  UND_ERR_HEADERS_TIMEOUT: silent,
  EHOSTUNREACH: "no way leads to that host",
  ENETUNREACH: "no way leads to that network",
  ECONNRESET: closed,
  EPIPE: closed,
  UND_ERR_SOCKET: closed,
  CERT_HAS_EXPIRED: "its certificate has expired",
  CERT_NOT_YET_VALID: "its certificate is not valid yet; one of the clocks may be wrong",
  DEPTH_ZERO_SELF_SIGNED_CERT: unknownAuthority,
  SELF_SIGNED_CERT_IN_CHAIN: unknownAuthority,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: unknownAuthority,
  UNABLE_TO_GET_ISSUER_CERT: unknownAuthority,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: unknownAuthority,
  CERT_SIGNATURE_FAILURE: unknownAuthority,
  ERR_TLS_CERT_ALTNAME_INVALID: "its certificate is for other names than this",
  EPROTO: "it does not speak TLS as expected; the address may want http",
  ERR_SSL_WRONG_VERSION_NUMBER: "it does not speak TLS; the address may want http",
  ERR_SSL_PACKET_LENGTH_TOO_LONG: "it does not speak TLS; the address may want http",
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: "it wants a client certificate",
  HPE_INVALID_CONSTANT: noHttp,
  HPE_INVALID_HEADER_TOKEN: noHttp,
};

function readMessage(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  return error.message === "fetch failed" && cause instanceof Error ? readMessage(cause) : error.message;
}

/** A password in an address is nobody's business. */
function withoutSecrets(address: string): string {
  return address.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/@\s]*@/i, "$1");
}
