/**
 * What a client shows of itself goes to the server beside the sidecar, which it means, and to none elsewhere: there it would be somebody
 * else's. The same for what such a server has a client keep. docs/adr/0040.
 */
import { isPrivateHost } from "@outrigger/runtime/forbidden-address";
import type { ParsedSetting } from "@outrigger/runtime/config";
import type { HttpUpstream } from "./http.ts";

/** Headers by which clients show who they are, or hand on what others gave them. */
const showing = [
  "authorization",
  "cookie",
  "x-api-key",
  "api-key",
  "x-auth-token",
  "x-access-token",
  "x-goog-api-key",
  "x-amz-security-token",
  "x-forwarded-access-token",
] as const;

/** Reads names of headers that are to pass all the same, separated by commas. */
export function parsePassThrough(text: string): ParsedSetting<readonly string[]> {
  const names = text.split(",").map((name) => name.trim().toLowerCase());
  const isKnown = names.every((name) => showing.some((each) => each === name));
  return isKnown ? { ok: true, value: names } : { ok: false, expected: `names out of ${showing.join(", ")}` };
}

/** Headers of clients that the server must not see; undefined where it may see all: it is the one beside the sidecar, without credentials. */
export function chooseWithheld(
  server: { readonly hostname: string; readonly hasCredentials: boolean },
  passing: readonly string[],
): ReadonlySet<string> | undefined {
  if (isBeside(server.hostname) && !server.hasCredentials) return undefined;
  return new Set(showing.filter((name) => !passing.includes(name)));
}

/** Whether a host is this one. */
const isBeside = (hostname: string): boolean => {
  const host = hostname.replace(/^\[|\]$/g, "");
  return host === "localhost" || host === "::1" || (/^127\./.test(host) && isPrivateHost(host));
};

/** The same server, whose cookies no client is given. */
export function withholdCookies(http: HttpUpstream): HttpUpstream {
  return {
    ...http,
    send: (request, sink) =>
      http.send(request, {
        ...sink,
        onHead: (status, headers) => sink.onHead(status, withoutCookies(headers)),
      }),
  };
}

function withoutCookies(headers: readonly string[]): readonly string[] {
  const isCookie = (at: number): boolean => (headers[at - (at % 2)] ?? "").toLowerCase() === "set-cookie";
  return headers.some((_, at) => isCookie(at)) ? headers.filter((_, at) => !isCookie(at)) : headers;
}
