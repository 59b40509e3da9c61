/**
 * Reads the document of `--upstream-auth` and the files that it names, and decides whether both can be used for this server. Problems name
 * the file and what was expected, and hold nothing of what stands there.
 */
import { dirname, resolve } from "node:path";
import { readClientKey } from "@outrigger/runtime/client-assertion";
import { describeProblems, parseStrictText } from "../bundle/read-document.ts";
import { filesOf, parseAuthDocument, type AuthDocument, type OAuthClient } from "./document.ts";
import { judgeTarget, namePrivateHosts } from "./target.ts";
import type { ClientProof } from "./token-endpoint.ts";
import { readFiles } from "./watched-files.ts";

/** What the sidecar is to show. Headers are a flat list, names in lower case. */
export type AuthMaterial =
  | { readonly kind: "Fixed"; readonly headers: readonly string[] }
  | { readonly kind: "Tokens"; readonly client: OAuthClient; readonly proof: ClientProof };

/** What was read. `files`: all of it, by absolute path. `privateHosts`: see target.ts. */
export interface Auth {
  readonly material: AuthMaterial;
  readonly files: readonly string[];
  readonly privateHosts: ReadonlySet<string>;
}

/** What was read, or every problem of the first step that failed. `files`: those that were looked at. */
export type ReadAuth =
  | { readonly ok: true; readonly auth: Auth }
  | { readonly ok: false; readonly problems: readonly string[]; readonly files: readonly string[] };

/** Reads it for the server at this address. */
export async function readAuth(file: string, serverUrl: URL): Promise<ReadAuth> {
  const path = resolve(file);
  const read = await readDocument(file, path);
  if (!read.ok) return { ok: false, problems: read.problems, files: [path] };
  const { document } = read;
  const placeOf = (name: string): string => resolve(dirname(path), name);
  const files = [path, ...filesOf(document).map(placeOf)];
  const privateHosts = namePrivateHosts(document.privateHosts, addressesOf(document, serverUrl));
  const unsafe = judgeAddresses(document, { serverUrl, privateHosts });
  const secrets = await readFiles(files.slice(1));
  const problems = [...unsafe.map((each) => `${file}: ${each}`), ...secrets.unreadable];
  if (problems.length > 0) return { ok: false, problems, files };
  const made = makeMaterial(document, (name) => secrets.texts.get(placeOf(name)));
  return made.ok ? { ok: true, auth: { material: made.material, files, privateHosts } } : { ...made, files };
}

type ReadText =
  { readonly ok: true; readonly document: AuthDocument } | { readonly ok: false; readonly problems: readonly string[] };

async function readDocument(file: string, path: string): Promise<ReadText> {
  const { texts, unreadable } = await readFiles([path]);
  const text = texts.get(path);
  if (text === undefined) return { ok: false, problems: unreadable };
  const name = (problems: readonly string[]): ReadText => ({
    ok: false,
    problems: problems.map((each) => `${file}: ${each}`),
  });
  const parsed = await parseStrictText(text);
  if (!parsed.ok) return name(parsed.problems);
  const read = parseAuthDocument(parsed.value);
  return read.ok ? read : name(describeProblems(read.problems));
}

function addressesOf(document: AuthDocument, serverUrl: URL): readonly string[] {
  if (document.kind !== "ClientCredentials") return [serverUrl.href];
  const { server } = document;
  return [serverUrl.href, "issuer" in server ? server.issuer : server.tokenEndpoint];
}

function judgeAddresses(
  document: AuthDocument,
  { serverUrl, privateHosts }: { readonly serverUrl: URL; readonly privateHosts: ReadonlySet<string> },
): readonly string[] {
  const judge = (name: string, url: string): readonly string[] => {
    const target = judgeTarget(new URL(url), privateHosts);
    return target.ok ? [] : [`${name}: expected ${target.expected}`];
  };
  const own = judge("--upstream", serverUrl.href);
  if (document.kind !== "ClientCredentials") return own;
  return [...own, ...Object.entries(document.server).flatMap(([name, url]: [string, string]) => judge(name, url))];
}

type Made =
  { readonly ok: true; readonly material: AuthMaterial } | { readonly ok: false; readonly problems: readonly string[] };

function makeMaterial(document: AuthDocument, textOf: (name: string) => string | undefined): Made {
  if (document.kind === "ClientCredentials") return makeClient(document, textOf);
  const sources = document.kind === "Headers" ? document.headers : [{ name: "authorization", ...document.token }];
  const problems: string[] = [];
  const headers = sources.flatMap((source) => {
    if ("value" in source) return [source.name, source.value];
    const text = withoutEnd(textOf(source.file));
    if (document.kind === "Bearer") {
      if (!/^[\x21-\x7e]+$/.test(text)) problems.push(`${source.file}: expected a token: one word of visible ASCII`);
      return [source.name, `Bearer ${text}`];
    }
    if (!/^[\t\x20-\x7e\x80-\xff]+$/.test(text))
      problems.push(`${source.file}: expected the value of a header, on one line`);
    return [source.name, text];
  });
  return problems.length > 0 ? { ok: false, problems } : { ok: true, material: { kind: "Fixed", headers } };
}

function makeClient(client: OAuthClient, textOf: (name: string) => string | undefined): Made {
  const { method } = client;
  if (method.name === "private_key_jwt") {
    const read = readClientKey(textOf(method.key.file) ?? "", method);
    if (!read.ok) return { ok: false, problems: [`${method.key.file}: expected ${read.expected}`] };
    return { ok: true, material: { kind: "Tokens", client, proof: { key: read.key } } };
  }
  const secret = withoutEnd(textOf(method.secret.file));
  if (secret === "") return { ok: false, problems: [`${method.secret.file}: expected the client's secret`] };
  return { ok: true, material: { kind: "Tokens", client, proof: { secret } } };
}

/** Editors and shells end a file with a line end, which is no part of a secret. */
const withoutEnd = (text = ""): string => text.replace(/[\r\n]+$/, "");
