/** Serial numbers of certificates. Pure: the random bytes are given. */

/** How many random bytes a serial number is made of. */
export const serialBytes = 16;

/**
 * The serial number as hex, from 16 random bytes. The first byte becomes 0x01 to 0x7f: zero would be a needless leading
 * byte, which OpenSSL refuses, and a set high bit would make the number negative. Source: X.690 8.3.2; RFC 5280 4.1.2.2.
 */
export function toSerial(random: Uint8Array): string {
  if (random.length !== serialBytes)
    throw new Error(`a serial number takes ${serialBytes} bytes, got ${random.length}`);
  const bytes = Buffer.from(random);
  bytes[0] = ((bytes[0] ?? 0) % 0x7f) + 1;
  return bytes.toString("hex");
}
