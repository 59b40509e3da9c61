/**
 * The ways in which a server may read one resource URI. Policy judges all of them: a name that is denied stays denied however it is
 * spelt, and what is allowed must be allowed however it is read. Source: WHATWG URL standard, RFC 3986 section 6.2.
 */

/**
 * The URI as it came, as URL parsers write it (case of the scheme, dot segments, spaces and line ends around and inside), with
 * percent-encoding taken away, with its host in lower case, and without its fragment; each once.
 */
export function spellingsOf(uri: string): readonly string[] {
  const canonical = canonicalOf(uri);
  if (canonical === undefined) return [uri];
  const decoded = decode(canonical);
  const spellings = new Set([uri, canonical]);
  if (decoded !== undefined) spellings.add(decoded).add(canonicalOf(decoded) ?? decoded);
  for (const spelling of [...spellings]) spellings.add(withoutFragment(spelling)).add(withLowerHost(spelling));
  return [...spellings];
}

/** Braces stay as they are: they are the variables of a template, which is judged by the same lists. */
function canonicalOf(uri: string): string | undefined {
  return URL.canParse(uri) ? new URL(uri).href.replaceAll("%7B", "{").replaceAll("%7D", "}") : undefined;
}

function decode(uri: string): string | undefined {
  if (!uri.includes("%")) return undefined;
  try {
    return decodeURIComponent(uri);
  } catch {
    // No decoder reads it either.
    return undefined;
  }
}

function withoutFragment(uri: string): string {
  const at = uri.indexOf("#");
  return at < 0 ? uri : uri.slice(0, at);
}

/** URL parsers keep the case of hosts of schemes that they do not know; some servers do not. */
function withLowerHost(uri: string): string {
  const start = uri.indexOf("://");
  if (start < 0) return uri;
  const rest = uri.slice(start + 3).search(/[/?#]/);
  const end = rest < 0 ? uri.length : start + 3 + rest;
  return uri.slice(0, end).toLowerCase() + uri.slice(end);
}
