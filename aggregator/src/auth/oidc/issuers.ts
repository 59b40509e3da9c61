/**
 * The issuers whose tokens are taken, as the setting names them: `URL=AUDIENCE,…` or JSON with more to say. Decides that no two of them can name
 * one caller: each puts its own prefix before the names and groups of its tokens. Pure.
 */
import type { ParsedSetting } from "@outrigger/runtime/config";

/** One issuer. */
export interface Issuer {
  /** As its tokens spell it in `iss`. */
  readonly url: string;
  /** A token is for us where one of these stands in its `aud`. */
  readonly audiences: readonly string[];
  /** The claims that hold the caller's name and its groups. */
  readonly name: string;
  readonly groups: string;
  /** Claims that rules may look at. */
  readonly claims: readonly string[];
  /** Scopes that a token must have, all of them. */
  readonly scopes: readonly string[];
  /** Stands before names and groups. */
  readonly prefix: string;
  /** Where it may be: `public` by https at a public address, `cluster` also by http and at private ones. */
  readonly network: "public" | "cluster";
}

const form =
  'URL=AUDIENCE, separated by commas, or a JSON list such as [{"url":"https://login.example","audiences":["outrigger"]}]';

/** Reads the setting. */
export function parseIssuers(text: string): ParsedSetting<readonly Issuer[]> {
  const listed = text.trimStart().startsWith("[") ? readJson(text) : readPairs(text);
  if (listed === undefined || listed.length === 0) return { ok: false, expected: form };
  const issuers: Issuer[] = [];
  for (const each of listed) {
    const issuer = readIssuer(each);
    if (typeof issuer === "string") return { ok: false, expected: issuer };
    issuers.push(issuer);
  }
  const problem = checkTogether(issuers);
  return problem === undefined ? { ok: true, value: issuers } : { ok: false, expected: problem };
}

function readJson(text: string): readonly unknown[] | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** An issuer that stands there twice has two audiences. */
function readPairs(text: string): readonly unknown[] | undefined {
  const audiences = new Map<string, string[]>();
  for (const pair of text.split(",")) {
    const at = pair.indexOf("=");
    const [url, audience] = [pair.slice(0, at).trim(), pair.slice(at + 1).trim()];
    if (at < 0 || url === "" || audience === "") return undefined;
    audiences.set(url, [...(audiences.get(url) ?? []), audience]);
  }
  return [...audiences].map(([url, each]) => ({ url, audiences: each }));
}

const members: readonly string[] = ["url", "audiences", "name", "groups", "claims", "scopes", "prefix", "network"];

function readIssuer(value: unknown): Issuer | string {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return "an object for each issuer";
  const unknown = Object.keys(value).find((member) => !members.includes(member));
  if (unknown !== undefined)
    return `no member ${JSON.stringify(unknown)} of an issuer; known are ${members.join(", ")}`;
  // Each member is looked at below.
  const given = value as Partial<Issuer>;
  const defaults = { name: "sub", groups: "groups", claims: [], scopes: [], network: "public" } as const;
  const issuer = { url: "", audiences: [], prefix: `${String(given.url)}#`, ...defaults, ...given };
  return checkMembers(issuer) ?? issuer;
}

function checkMembers({ url, audiences, name, groups, claims, scopes, prefix, network }: Issuer): string | undefined {
  const rows: readonly (readonly [boolean, string])[] = [
    [["public", "cluster"].includes(network), "network: public or cluster"],
    [isTexts(audiences) && audiences.length > 0, "audiences: at least one text for each issuer"],
    [isText(name) && isText(groups), "name and groups: the names of claims"],
    [isTexts(claims) && isTexts(scopes), "claims and scopes: lists of texts"],
    [typeof prefix === "string", "prefix: a text, also an empty one"],
  ];
  return rows.find(([isRight]) => !isRight)?.[1] ?? checkUrl(url, network);
}

function checkUrl(text: unknown, network: Issuer["network"]): string | undefined {
  const url = typeof text === "string" ? URL.parse(text) : null;
  if (url === null || url.search !== "" || url.hash !== "" || url.username !== "") {
    return "url: the address of an issuer, without query and fragment, such as https://login.example";
  }
  if (url.protocol === "https:" || (url.protocol === "http:" && network === "cluster")) return undefined;
  return `an https address for ${url.origin}, or network cluster beside it`;
}

function checkTogether(issuers: readonly Issuer[]): string | undefined {
  for (const [at, issuer] of issuers.entries()) {
    const other = issuers.find(
      (each, where) => where !== at && (each.url === issuer.url || each.prefix.startsWith(issuer.prefix)),
    );
    if (other?.url === issuer.url) return `each issuer once, and ${issuer.url} stands there twice`;
    if (other !== undefined) return `prefixes of which none begins another; those of ${issuer.url} and ${other.url} do`;
  }
  return undefined;
}

const isText = (value: unknown): value is string => typeof value === "string" && value !== "";
const isTexts = (value: unknown): value is readonly string[] => Array.isArray(value) && value.every(isText);
