/**
 * URIs of resources as callers see them. A URI that one server alone lists is shown as it is; the routed form, which names the
 * server, is for those that several list, and leads to the same resource at any time. Pure.
 */

/** The server that a URI belongs to. */
export interface UriOwner {
  readonly namespace: string;
  readonly server: string;
}

const scheme = "outrigger:";

/**
 * The routed form of a URI or URI template: `outrigger:NAMESPACE/SERVER/URI`. The URI stands in it unchanged, so that expressions of a
 * template expand as its server wants them.
 */
export function writeRoutedUri({ namespace, server }: UriOwner, uri: string): string {
  return `${scheme}${encodeURIComponent(namespace)}/${encodeURIComponent(server)}/${uri}`;
}

/** Reads a routed form back; undefined for any other URI. */
export function readRoutedUri(routed: string): (UriOwner & { readonly uri: string }) | undefined {
  if (!routed.startsWith(scheme)) return undefined;
  const first = routed.indexOf("/");
  const second = routed.indexOf("/", first + 1);
  if (first < 0 || second < 0) return undefined;
  try {
    const namespace = decodeURIComponent(routed.slice(scheme.length, first));
    const server = decodeURIComponent(routed.slice(first + 1, second));
    return { namespace, server, uri: routed.slice(second + 1) };
  } catch {
    // An escape that is none.
    return undefined;
  }
}

/** Longest URI, and longest template, that are compared. */
const maxLength = 4_096;

/**
 * Whether a URI can come of a URI template. Literal parts must be there in order; what stands for an expression may be any text, but
 * never a slash where the expression is a simple one. Source: RFC 6570. Cost: linear in both, no backtracking over literals.
 */
export function matchesTemplate(template: string, uri: string): boolean {
  if (template.length > maxLength || uri.length > maxLength) return false;
  // Literals at even places, what stands between braces at odd ones.
  const [first = "", ...rest] = template.split(/\{([^{}]*)\}/);
  return uri.startsWith(first) && matchesRest(rest, uri, first.length);
}

function matchesRest(rest: readonly string[], uri: string, from: number): boolean {
  let at = from;
  for (let index = 0; index < rest.length; index += 2) {
    const [expression = "", literal = ""] = rest.slice(index, index + 2);
    const found = index + 2 >= rest.length ? findAtEnd(uri, literal, at) : uri.indexOf(literal, at);
    if (found < 0 || !fits(expression, uri.slice(at, found))) return false;
    at = found + literal.length;
  }
  return at === uri.length;
}

/** Where a literal stands at the very end, not before `from`; -1 where it does not. */
function findAtEnd(uri: string, literal: string, from: number): number {
  const at = uri.length - literal.length;
  return at >= from && uri.endsWith(literal) ? at : -1;
}

/** Expressions with an operator may hold slashes, and may be empty. */
function fits(expression: string, value: string): boolean {
  return /^[+#./;?&]/.test(expression) || expression.endsWith("*") || (value !== "" && !value.includes("/"));
}
