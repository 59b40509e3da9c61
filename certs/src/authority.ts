/** Certificate authorities and the leaf certificates that they sign. Says what stands in both; storage and renewal are others'. */
import { createPrivateKey, X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import { createKeyPair, identifyKey, signCertificate, toSubject, type KeyedCertificate } from "./certificate.ts";
import { skewMs } from "./phase.ts";

/** What an authority is made with. `lifetimeMs` counts from now; `keyBits` is 3072 unless a test wants it faster. */
export interface AuthorityOptions {
  readonly commonName: string;
  readonly nowMs: number;
  readonly lifetimeMs: number;
  readonly keyBits?: number;
}

/** What a leaf is made with. `names` are DNS names and IP addresses, at least one. */
export interface LeafOptions {
  readonly names: readonly string[];
  readonly nowMs: number;
  readonly lifetimeMs: number;
  readonly keyBits?: number;
}

/** Makes a self-signed authority. */
export async function createAuthority(options: AuthorityOptions): Promise<KeyedCertificate> {
  const { publicKey, privateKey } = await createKeyPair(options.keyBits ?? 3072);
  const request = {
    commonName: options.commonName,
    notBeforeMs: options.nowMs - skewMs,
    notAfterMs: options.nowMs + options.lifetimeMs,
    extensions: [
      { name: "basicConstraints", cA: true, critical: true },
      { name: "keyUsage", keyCertSign: true, cRLSign: true, critical: true },
      { name: "subjectKeyIdentifier" },
    ],
  };
  const certificatePem = signCertificate(publicKey, request, {
    subject: toSubject(options.commonName),
    key: privateKey,
  });
  return { certificatePem, privateKeyPem: privateKey.export({ type: "pkcs8", format: "pem" }).toString() };
}

/**
 * Signs a server certificate with a key of its own. It never outlives its authority.
 * Throws where the authority's certificate and key do not belong together, or no name is given.
 */
export async function issueLeaf(authority: KeyedCertificate, options: LeafOptions): Promise<KeyedCertificate> {
  const issuer = new X509Certificate(authority.certificatePem);
  const issuerKey = createPrivateKey(authority.privateKeyPem);
  const [commonName] = options.names;
  if (commonName === undefined) throw new Error("a leaf certificate needs a name");
  if (!issuer.checkPrivateKey(issuerKey)) throw new Error("the authority's key does not belong to its certificate");
  const { publicKey, privateKey } = await createKeyPair(options.keyBits ?? 2048);
  const request = {
    commonName: commonName.slice(0, 64),
    notBeforeMs: options.nowMs - skewMs,
    notAfterMs: Math.min(options.nowMs + options.lifetimeMs, issuer.validToDate.getTime()),
    extensions: [
      { name: "basicConstraints", cA: false },
      { name: "keyUsage", digitalSignature: true, keyEncipherment: true, critical: true },
      { name: "extKeyUsage", serverAuth: true },
      { name: "subjectKeyIdentifier" },
      // With `true` forge would write the leaf's own identifier here, and nobody could build the chain.
      { name: "authorityKeyIdentifier", keyIdentifier: identifyKey(issuerKey) },
      { name: "subjectAltName", altNames: options.names.map(toAltName) },
    ],
  };
  const signer = { subject: toSubject(readCommonName(issuer)), key: issuerKey };
  const certificatePem = signCertificate(publicKey, request, signer);
  return { certificatePem, privateKeyPem: privateKey.export({ type: "pkcs8", format: "pem" }).toString() };
}

const toAltName = (name: string): object => (isIP(name) === 0 ? { type: 2, value: name } : { type: 7, ip: name });

function readCommonName(certificate: X509Certificate): string {
  const line = certificate.subject.split("\n").find((each) => each.startsWith("CN="));
  if (line === undefined) throw new Error("the authority's certificate has no common name");
  return line.slice(3);
}

/** The names under which a Service is reached inside a cluster. */
export function listServiceNames(service: string, namespace: string, clusterDomain: string): string[] {
  return [
    service,
    `${service}.${namespace}`,
    `${service}.${namespace}.svc`,
    `${service}.${namespace}.svc.${clusterDomain}`,
  ];
}
