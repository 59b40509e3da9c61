/**
 * Whom the certificate of a request names: that of its own connection, or the one that a trusted proxy hands on. One that nobody here vouches for
 * names nobody.
 */
import type { X509Certificate } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { TLSSocket } from "node:tls";
import type { ParsedContent } from "@outrigger/runtime/watched-file";
import type { TrustedProxies } from "../door/proxies.ts";
import type { Principal } from "../principal.ts";
import { isSigned, readAuthorities, readHeaderCertificate } from "./authorities.ts";
import { readSubject } from "./subject.ts";

/** What is needed for it. `header`: without it no proxy hands on any. */
export interface CertifiedOptions {
  readonly authorities: () => readonly X509Certificate[];
  readonly header: string | undefined;
  readonly isTrusted: TrustedProxies;
  readonly nowMs: () => number;
}

/** Creates the question. */
export function createCertified(options: CertifiedOptions): (request: IncomingMessage) => Principal | undefined {
  /** A connection keeps its certificate. */
  const bySocket = new WeakMap<object, { readonly principal: Principal | undefined }>();
  return (request) => {
    const { socket } = request;
    const handed = options.header === undefined ? undefined : readHanded(request, options.header, options);
    if (handed !== undefined) return handed;
    const known = bySocket.get(socket);
    if (known !== undefined) return known.principal;
    const certificate = socket instanceof TLSSocket && socket.authorized ? socket.getPeerX509Certificate() : undefined;
    const principal = certificate === undefined ? undefined : readSubject(certificate);
    bySocket.set(socket, { principal });
    return principal;
  };
}

function readHanded(request: IncomingMessage, header: string, options: CertifiedOptions): Principal | undefined {
  const address = request.socket.remoteAddress?.replace(/^::ffff:/, "") ?? "";
  const values = request.headersDistinct[header] ?? [];
  const [value] = values;
  if (value === undefined || values.length > 1 || !options.isTrusted(address)) return undefined;
  const certificate = readHeaderCertificate(value);
  const isRight = certificate !== undefined && isSigned(certificate, options.authorities(), options.nowMs());
  return isRight ? readSubject(certificate) : undefined;
}

/** Reads the file of authorities. */
export function parseAuthorities(pem: string): ParsedContent<readonly X509Certificate[]> {
  const read = readAuthorities(pem);
  return typeof read === "string" ? { ok: false, problem: read } : { ok: true, value: read };
}
