/** Looks at the certificate that a server shows. Nothing is sent over the connection, and nothing is trusted here. */
import type { X509Certificate } from "node:crypto";
import { connect } from "node:tls";
import type { Look } from "../../check/look.ts";

/** Where it is served, and the name that API servers ask for. */
export interface ServedPlace {
  readonly host: string;
  readonly port: number;
  readonly name: string;
}

const withinMs = 10_000;
/** Longer chains are nobody's. */
const longestChain = 10;

/** The chain that is shown, leaf first, each as PEM; or a sentence. Never rejects. */
export function readServed({ host, port, name }: ServedPlace): Promise<Look<readonly string[]>> {
  const { promise, resolve } = Promise.withResolvers<Look<readonly string[]>>();
  const fail = (why: string): void => resolve({ ok: false, why });
  const socket = connect({ host, port, servername: name, rejectUnauthorized: false }, () => {
    resolve({ ok: true, value: listChain(socket.getPeerX509Certificate()) });
    socket.destroy();
  });
  socket.setTimeout(withinMs, () => socket.destroy(new Error(`no answer within ${withinMs / 1_000} s`)));
  socket.on("error", (error: Error) => fail(error.message));
  socket.on("close", () => fail("the connection was closed"));
  return promise;
}

function listChain(leaf: X509Certificate | undefined): readonly string[] {
  const chain: string[] = [];
  for (let each = leaf; each !== undefined && chain.length < longestChain; each = each.issuerCertificate) {
    const pem = each.toString();
    // A certificate that is signed by itself leads to itself.
    if (chain.includes(pem)) break;
    chain.push(pem);
  }
  return chain;
}
