/** Looks at the certificate that the webhook serves, the way an API server would: by its caBundle, under the name of its Service. */
import { connect, type TLSSocket } from "node:tls";
import type { ServedCertificate } from "../facts.ts";
import type { Look } from "../look.ts";

/** Where it is served. `name` is what the certificate must be for; `trusted` is PEM. */
export interface CertificatePlace {
  readonly host: string;
  readonly port: number;
  readonly name: string;
  readonly trusted: string;
}

const withinMs = 10_000;

/** Connects, reads the certificate and closes; nothing is sent over the connection. Never rejects. */
export function readServedCertificate({
  host,
  port,
  name,
  trusted,
}: CertificatePlace): Promise<Look<ServedCertificate>> {
  const { promise, resolve } = Promise.withResolvers<Look<ServedCertificate>>();
  const fail = (why: string): void => resolve({ ok: false, why: `the webhook at ${name}: ${why}` });
  try {
    // Whether it is trusted is what is asked, so a certificate that is not must not end the connection.
    const socket = connect({ host, port, servername: name, ca: trusted, rejectUnauthorized: false }, () => {
      resolve({ ok: true, value: readPeer(socket) });
      socket.destroy();
    });
    socket.setTimeout(withinMs, () => socket.destroy(new Error(`no answer within ${withinMs / 1_000} s`)));
    socket.on("error", (error: Error) => fail(error.message));
    socket.on("close", () => fail("the connection was closed"));
  } catch (error) {
    // A caBundle that is no PEM.
    fail(error instanceof Error ? error.message : String(error));
  }
  return promise;
}

function readPeer(socket: TLSSocket): ServedCertificate {
  const { valid_from: from, valid_to: until } = socket.getPeerCertificate();
  return {
    trusted: socket.authorized,
    // A code such as ERR_TLS_CERT_ALTNAME_INVALID.
    fault: socket.authorized ? "" : String(socket.authorizationError),
    fromMs: Date.parse(from),
    untilMs: Date.parse(until),
  };
}
