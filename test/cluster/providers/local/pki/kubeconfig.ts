/** Writes a kubeconfig that carries its certificates inside, so that it can be copied. It is JSON, which every reader of YAML takes. */
import type { Pair } from "./certificate.ts";

/** Who asks which server. */
export interface KubeconfigOptions {
  readonly name: string;
  readonly server: string;
  readonly authority: Pair;
  readonly pair: Pair;
}

/** The text of the kubeconfig. */
export function toKubeconfig({ name, server, authority, pair }: KubeconfigOptions): string {
  const encode = (text: string | Buffer): string => Buffer.from(text).toString("base64");
  const user = {
    "client-certificate-data": encode(pair.certificatePem),
    "client-key-data": encode(pair.key.export({ type: "pkcs8", format: "pem" })),
  };
  const cluster = { server, "certificate-authority-data": encode(authority.certificatePem) };
  const config = {
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "outrigger", cluster }],
    users: [{ name, user }],
    contexts: [{ name: "outrigger", context: { cluster: "outrigger", user: name } }],
    "current-context": "outrigger",
  };
  return `${JSON.stringify(config, null, 2)}\n`;
}
