/** Turns an arrived request into the server's own: which headers pass, which are ours. Stage between decision and answer. */

/** Headers of one connection (RFC 9110 section 7.6.1) and those that are set anew for the next one. */
const dropped: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "expect",
  "host",
  "content-length",
  "accept-encoding",
  "origin",
]);

const ownPrefix = "outrigger-";

/**
 * What is the same for every request to one server. `extra` is a flat list that replaces headers of the same names. `withheld`: headers
 * of the client, in lower case, that this server must not see.
 */
export interface ForwardRules {
  readonly host: string;
  readonly extra: readonly string[];
  readonly withheld?: ReadonlySet<string>;
}

/**
 * The headers for the server as a flat list, order kept.
 * Answers come uncompressed, because lists in them are read; Host is the server's own and Origin was checked before.
 */
export function buildForwardHeaders(arrived: readonly string[], rules: ForwardRules): string[] {
  const named = namesInConnection(arrived);
  const replaced = namesOf(rules.extra);
  const headers = ["host", rules.host, "accept-encoding", "identity"];
  for (let at = 0; at + 1 < arrived.length; at += 2) {
    const name = passingName(arrived[at] ?? "");
    if (name === "" || named.has(name) || replaced.has(name) || rules.withheld?.has(name) === true) continue;
    headers.push(name, arrived[at + 1] ?? "");
  }
  for (const each of rules.extra) headers.push(each);
  return headers;
}

/** The name in lower case, or nothing where such a header does not pass. The same few names come with every request. */
const passingName = rememberName((name) => {
  const lower = name.toLowerCase();
  return dropped.has(lower) || lower.startsWith(ownPrefix) ? "" : lower;
});

/** The same for answers. */
const answeringName = rememberName((name) => {
  const lower = name.toLowerCase();
  return answerDropped.has(lower) ? "" : lower;
});

/** Names kept; others are looked at anew each time, since callers make names up. */
const maxNames = 200;

function rememberName(ask: (name: string) => string): (name: string) => string {
  const known = new Map<string, string>();
  return (name) => {
    const remembered = known.get(name);
    if (remembered !== undefined) return remembered;
    const answer = ask(name);
    if (known.size < maxNames) known.set(name, answer);
    return answer;
  };
}

/** The headers of an answer for the client: everything but those of the connection to the server. */
export function buildAnswerHeaders(
  answered: readonly string[],
  options: { readonly withoutLength: boolean },
): string[] {
  const named = namesInConnection(answered);
  const headers: string[] = [];
  for (let at = 0; at + 1 < answered.length; at += 2) {
    const name = answeringName(answered[at] ?? "");
    if (name === "" || named.has(name)) continue;
    if (options.withoutLength && name === "content-length") continue;
    headers.push(answered[at] ?? "", answered[at + 1] ?? "");
  }
  return headers;
}

const answerDropped: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

function namesInConnection(headers: readonly string[]): ReadonlySet<string> {
  let names: Set<string> | undefined;
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const each = headers[at];
    if (each?.length !== 10 || each.toLowerCase() !== "connection") continue;
    names ??= new Set();
    for (const name of (headers[at + 1] ?? "").split(",")) names.add(name.trim().toLowerCase());
  }
  return names ?? none;
}

const none: ReadonlySet<string> = new Set();

function namesOf(headers: readonly string[]): ReadonlySet<string> {
  if (headers.length === 0) return none;
  return new Set(headers.filter((_, at) => at % 2 === 0).map((name) => name.toLowerCase()));
}
