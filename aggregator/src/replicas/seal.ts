/**
 * Sealed texts: data that goes out to a caller, or to another replica, and comes back unread and unchanged. AES-256-GCM under the first of
 * several keys; any of them opens. A text sealed for one purpose opens for no other. Pure; random bytes are passed in.
 */
import { createCipheriv, createDecipheriv, hkdfSync } from "node:crypto";

/** A secret of at least {@link minKeyBytes}, and the short public name under which texts say which one sealed them. */
export interface SealKey {
  readonly id: Buffer;
  readonly secret: Buffer;
}

/** Seals and opens. */
export interface Seal {
  /** The text is visible ASCII: base64url. */
  readonly seal: (purpose: SealPurpose, data: Uint8Array) => string;
  /** The data; undefined for what none of the keys has sealed for this purpose. */
  readonly open: (purpose: SealPurpose, text: string) => Buffer | undefined;
}

/** What a text is for. */
export type SealPurpose = "session" | "hop" | "state" | "held" | "task";

/** Bytes of a secret: what AES-256 uses. */
export const minKeyBytes = 32;
/** A longer text is opened by nobody: callers can't have it decrypted at our cost. */
const maxSealedLength = 48 * 1024;

const [idBytes, nonceBytes, tagBytes] = [4, 12, 16];
const cipher = "aes-256-gcm";
const base64url = /^[A-Za-z0-9_-]+$/;

/** Makes a key of a secret; equal secrets have equal ids. */
export function createSealKey(secret: Buffer): SealKey {
  return { id: derive(secret, "id", idBytes), secret: derive(secret, "key", minKeyBytes) };
}

/** Creates the seal. `keys`: asked each time, newest first, never empty. */
export function createSeal(options: {
  readonly keys: () => readonly [SealKey, ...SealKey[]];
  readonly randomBytes: (count: number) => Buffer;
}): Seal {
  return {
    seal: (purpose, data) => {
      const [{ id, secret }] = options.keys();
      const nonce = options.randomBytes(nonceBytes);
      const sealing = createCipheriv(cipher, secret, nonce).setAAD(Buffer.from(purpose));
      const sealed = Buffer.concat([sealing.update(data), sealing.final()]);
      return Buffer.concat([id, nonce, sealed, sealing.getAuthTag()]).toString("base64url");
    },
    open: (purpose, text) => {
      if (text.length > maxSealedLength || !base64url.test(text)) return undefined;
      const bytes = Buffer.from(text, "base64url");
      // One text for the same bytes: the last letter of another spelling would be ignored.
      if (bytes.length < idBytes + nonceBytes + tagBytes || bytes.toString("base64url") !== text) return undefined;
      const key = options.keys().find(({ id }) => id.equals(bytes.subarray(0, idBytes)));
      return key === undefined ? undefined : decrypt(key.secret, purpose, bytes.subarray(idBytes));
    },
  };
}

function decrypt(secret: Buffer, purpose: SealPurpose, bytes: Buffer): Buffer | undefined {
  const opening = createDecipheriv(cipher, secret, bytes.subarray(0, nonceBytes), { authTagLength: tagBytes });
  opening.setAAD(Buffer.from(purpose)).setAuthTag(bytes.subarray(-tagBytes));
  try {
    return Buffer.concat([opening.update(bytes.subarray(nonceBytes, -tagBytes)), opening.final()]);
  } catch {
    return undefined;
  }
}

function derive(secret: Buffer, use: string, count: number): Buffer {
  return Buffer.from(hkdfSync("sha256", secret, "", `outrigger/seal/${use}`, count));
}
