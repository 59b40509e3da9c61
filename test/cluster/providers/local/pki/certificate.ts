/**
 * Issues the cluster's certificates. node-forge writes the structure; keys and signatures are Node's own. Only the authority has an
 * RSA key, the one kind that forge can write; the others have keys on P-256, which take no time to make.
 */
import { createPublicKey, generateKeyPair, randomBytes, sign, type KeyObject } from "node:crypto";
import { promisify } from "node:util";
import forge from "node-forge";

/** A certificate with its key. */
export interface Pair {
  readonly certificatePem: string;
  readonly key: KeyObject;
}

/** Whom a certificate names. Kubernetes takes the common name as the user and organisations as groups. */
export interface Holder {
  readonly commonName: string;
  readonly organization?: string;
  readonly dnsNames?: readonly string[];
  readonly ips?: readonly string[];
}

const validForMs = 30 * 24 * 60 * 60 * 1_000;
const backdatedMs = 5 * 60 * 1_000;
const authoritySubject: forge.pki.CertificateField[] = [{ name: "commonName", value: "cluster-ca" }];

/** Makes an authority that signs itself. Cost: one RSA key, about 80 ms. */
export async function createClusterAuthority(): Promise<Pair> {
  const { privateKey } = await promisify(generateKeyPair)("rsa", { modulusLength: 2048 });
  const certificate = prepare(authoritySubject, privateKey);
  certificate.setExtensions([
    { name: "basicConstraints", critical: true, cA: true },
    { name: "keyUsage", critical: true, keyCertSign: true, cRLSign: true, digitalSignature: true },
  ]);
  return { certificatePem: seal(certificate, privateKey), key: privateKey };
}

/** Issues a certificate for both ends of a connection. */
export async function issue(authority: Pair, holder: Holder): Promise<Pair> {
  const { privateKey } = await promisify(generateKeyPair)("ec", { namedCurve: "P-256" });
  const subject: forge.pki.CertificateField[] = [{ name: "commonName", value: holder.commonName }];
  if (holder.organization !== undefined) subject.unshift({ name: "organizationName", value: holder.organization });
  const certificate = prepare(subject, authority.key);
  const altNames = [
    ...(holder.dnsNames ?? []).map((value) => ({ type: 2, value })),
    ...(holder.ips ?? []).map((ip) => ({ type: 7, ip })),
  ];
  certificate.setExtensions([
    { name: "keyUsage", critical: true, digitalSignature: true },
    { name: "extKeyUsage", serverAuth: true, clientAuth: true },
    ...(altNames.length === 0 ? [] : [{ name: "subjectAltName", altNames }]),
  ]);
  return { certificatePem: seal(certificate, authority.key, createPublicKey(privateKey)), key: privateKey };
}

/** A certificate with everything but extensions, holder's key and signature. The RSA key stands in where another kind comes later. */
function prepare(subject: forge.pki.CertificateField[], rsaKey: KeyObject): forge.pki.Certificate {
  const certificate = forge.pki.createCertificate();
  const publicPem = createPublicKey(rsaKey).export({ type: "spki", format: "pem" });
  certificate.publicKey = forge.pki.publicKeyFromPem(publicPem.toString());
  const serial = randomBytes(16);
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x01; // positive, and without a leading zero
  certificate.serialNumber = serial.toString("hex");
  certificate.validity.notBefore = new Date(Date.now() - backdatedMs);
  certificate.validity.notAfter = new Date(Date.now() + validForMs);
  certificate.setSubject(subject);
  certificate.setIssuer(authoritySubject);
  return certificate;
}

/** Position of the holder's key in a to-be-signed certificate. Source: RFC 5280 4.1. */
const keyPosition = 6;

/** Signs with the authority's key and gives PEM. `holderKey` replaces the key that {@link prepare} put in. */
function seal(certificate: forge.pki.Certificate, authorityKey: KeyObject, holderKey?: KeyObject): string {
  const signNatively = (): string => {
    const parts = certificate.tbsCertificate.value as forge.asn1.Asn1[];
    if (holderKey !== undefined) {
      const der = holderKey.export({ type: "spki", format: "der" });
      parts[keyPosition] = forge.asn1.fromDer(der.toString("binary"));
    }
    const content = Buffer.from(forge.asn1.toDer(certificate.tbsCertificate).getBytes(), "binary");
    return sign("sha256", content, authorityKey).toString("binary");
  };
  // forge calls sign() of what it takes for its own key, after it has set tbsCertificate; nothing else of the key is used.
  certificate.sign({ sign: signNatively } as unknown as forge.pki.rsa.PrivateKey, forge.md.sha256.create());
  return forge.pki.certificateToPem(certificate);
}
