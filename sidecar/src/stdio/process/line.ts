/**
 * Makes one message one line of a server's stdin, whatever line reader the server uses.
 * It decides nothing about the message; the scanner has checked that it is JSON. Source: MCP "stdio" transport, newline framing.
 */

const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const space = 0x20;
/** U+2028 and U+2029 start with these two bytes; Node's readline ends a line at them although JSON strings may hold them. */
const separatorLead = Buffer.from([0xe2, 0x80]);

/**
 * Returns the message as a line of its own, newline included; always a copy.
 * Raw CR and LF are white space in JSON (inside strings they are illegal) and become spaces, so that no message can start a
 * second line; U+2028 and U+2029 become escapes of the same meaning.
 */
export function toLine(message: Uint8Array): Buffer {
  const line = Buffer.allocUnsafe(message.length + 1);
  line.set(message);
  line[message.length] = lineFeed;
  blank(line.subarray(0, -1), lineFeed);
  blank(line.subarray(0, -1), carriageReturn);
  return line.includes(separatorLead) ? escapeSeparators(line) : line;
}

function blank(bytes: Buffer, byte: number): void {
  for (let at = bytes.indexOf(byte); at >= 0; at = bytes.indexOf(byte, at + 1)) bytes[at] = space;
}

function escapeSeparators(line: Buffer): Buffer {
  const text = line.toString("utf8");
  return Buffer.from(text.replaceAll("\u2028", "\\u2028").replaceAll("\u2029", "\\u2029"), "utf8");
}
