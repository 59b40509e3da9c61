/**
 * Builds and signs one X.509 certificate. node-forge writes the structure; keys and signatures are Node's own, so a private
 * key never enters forge and the event loop is not blocked by arithmetic in JavaScript.
 */
import { createPublicKey, generateKeyPair, randomBytes, sign, type KeyObject } from "node:crypto";
import { promisify } from "node:util";
import forge from "node-forge";
import { serialBytes, toSerial } from "./serial.ts";

/** A certificate with the key that belongs to it, both as PEM. */
export interface KeyedCertificate {
  readonly certificatePem: string;
  readonly privateKeyPem: string;
}

/** What a certificate says. Times are Unix epoch milliseconds; `commonName` at most 64 characters. */
export interface CertificateRequest {
  readonly commonName: string;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  /** Extensions in forge's own form. */
  readonly extensions: readonly object[];
}

/** Who signs: subject and key of the issuer. */
export interface Signer {
  readonly subject: readonly forge.pki.CertificateField[];
  readonly key: KeyObject;
}

const makeKeyPair = promisify(generateKeyPair);

/** Makes an RSA key pair on the thread pool. Cost: about 80 ms for 2048 bits, 0.1 to 0.6 s for 3072. */
export async function createKeyPair(
  bits: number,
): Promise<{ readonly publicKey: KeyObject; readonly privateKey: KeyObject }> {
  return makeKeyPair("rsa", { modulusLength: bits, publicExponent: 0x10001 });
}

/** The subject of a certificate in forge's form. */
export function toSubject(commonName: string): forge.pki.CertificateField[] {
  return [
    { name: "organizationName", value: "Outrigger" },
    { name: "commonName", value: commonName },
  ];
}

/** Builds a certificate for a public key and signs it with SHA-256. Returns PEM. */
export function signCertificate(publicKey: KeyObject, request: CertificateRequest, signer: Signer): string {
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = toForgeKey(publicKey);
  certificate.serialNumber = toSerial(randomBytes(serialBytes));
  certificate.validity.notBefore = new Date(request.notBeforeMs);
  certificate.validity.notAfter = new Date(request.notAfterMs);
  certificate.setSubject(toSubject(request.commonName));
  certificate.setIssuer([...signer.subject]);
  certificate.setExtensions([...request.extensions]);
  // forge calls sign() of what it takes for its own key, after it has set tbsCertificate; nothing else of the key is used.
  const nativeKey = { sign: () => signNatively(certificate, signer.key) } as unknown as forge.pki.rsa.PrivateKey;
  certificate.sign(nativeKey, forge.md.sha256.create());
  return forge.pki.certificateToPem(certificate);
}

function signNatively(certificate: forge.pki.Certificate, key: KeyObject): string {
  const der = Buffer.from(forge.asn1.toDer(certificate.tbsCertificate).getBytes(), "binary");
  return sign("sha256", der, key).toString("binary");
}

function toForgeKey(publicKey: KeyObject): forge.pki.rsa.PublicKey {
  return forge.pki.publicKeyFromPem(publicKey.export({ type: "spki", format: "pem" }).toString());
}

/** The key identifier (SKI) of a public key, as forge's binary string. Source: RFC 5280 4.2.1.2 (1). */
export function identifyKey(key: KeyObject): string {
  const publicKey = key.type === "private" ? createPublicKey(key) : key;
  return forge.pki.getPublicKeyFingerprint(toForgeKey(publicKey), { type: "RSAPublicKey" }).getBytes();
}
