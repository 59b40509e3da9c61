/**
 * Whom a client certificate names, once it is known to be right: the first URI (as SPIFFE has it), else the first email address or DNS name of its
 * alternative names, else its common name. Its organisations are the caller's groups, as in Kubernetes. Pure.
 */
import type { Principal } from "../principal.ts";

/** A certificate as far as it names somebody. Both texts are as Node writes them. */
export interface NamingCertificate {
  /** Lines such as `CN=ci`; of several values in one part `O=a+CN=b`. */
  readonly subject: string;
  readonly subjectAltName?: string | undefined;
}

const kinds = [
  ["URI", "uri"],
  ["email", "email"],
  ["DNS", "dns"],
] as const;

/** The caller; undefined where the certificate names nobody. */
export function readSubject({ subject, subjectAltName = "" }: NamingCertificate): Principal | undefined {
  const names = readAltNames(subjectAltName);
  const parts = readParts(subject);
  const [first] = kinds.flatMap(([type, prefix]) => {
    const found = names.find((name) => name.type === type);
    return found === undefined ? [] : [`${prefix}:${found.value}`];
  });
  const common = parts.find(({ type }) => type === "CN")?.value;
  const name = first ?? (common === undefined ? undefined : `cn:${common}`);
  if (name === undefined || name.length > maxNameChars) return undefined;
  const groups = parts
    .filter(({ type, value }) => type === "O" && !value.startsWith("system:"))
    .map(({ value }) => value);
  return { kind: "User", name, groups, claims: {} };
}

const maxNameChars = 512;

interface Part {
  readonly type: string;
  readonly value: string;
}

/** Entries stand behind each other as `TYPE:value, TYPE:value`; a value with anything special in it is a JSON text. */
export function readAltNames(text: string): readonly Part[] {
  const parts: Part[] = [];
  let rest = text;
  while (rest !== "") {
    const match = /^(?<type>[A-Za-z ]+):(?:(?<quoted>"(?:[^"\\]|\\.)*")|(?<plain>[^",]*))(?:, |$)/.exec(rest);
    // What can't be read in one way names nobody.
    if (match?.groups === undefined) return [];
    const { type = "", quoted, plain = "" } = match.groups;
    const value = quoted === undefined ? plain : readQuoted(quoted);
    if (value === undefined) return [];
    if (value !== "") parts.push({ type, value });
    rest = rest.slice(match[0].length);
  }
  return parts;
}

function readQuoted(text: string): string | undefined {
  try {
    return String(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** OpenSSL escapes what has a meaning there by a backslash; such a value is left out, since nobody needs one. */
function readParts(subject: string): readonly Part[] {
  return subject.split("\n").flatMap((line) => {
    const at = line.indexOf("=");
    const [type, value] = [line.slice(0, at), line.slice(at + 1)];
    return at < 1 || value === "" || /[\\+\0]/.test(value) ? [] : [{ type, value }];
  });
}
