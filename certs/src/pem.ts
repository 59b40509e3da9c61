/** Splits texts that hold several certificates. */

const block = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g;

/** The certificates of a text, each as PEM with `\n` ends and one at its end, in their order, repeats left out. */
export function splitPem(text: string): readonly string[] {
  const blocks = [...text.matchAll(block)].map(([pem]) => `${pem.replace(/\r/g, "")}\n`);
  return [...new Set(blocks)];
}
