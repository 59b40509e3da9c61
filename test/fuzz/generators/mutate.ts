/** Small random changes of bytes: flips, cuts, repeats, and pieces that parsers disagree about. */
import type { Random } from "../random.ts";

const pieces = [
  '"', "\\", "{", "}", "[", "]", ",", ":", "0", "-", "e", " ", "\t", "\n", "\0", "\u0001", "\u00a0", "\ufeff", "\r\n", "\r", "\r\n\r\n",
  '"name":"delete_all",', ',"name":"delete_all"', '"Name":"delete_all",', '"na\\u006de":"delete_all",', '"NAME":"denied_tool",',
  '"method":"tools/call",', '"Method":"tools/call",', '"params":{"name":"delete_all"},', '"Params":{"name":"delete_all"},',
  '"id":2,', "\\u0000", "\\ud800", "null", "1e999", '"\u017fname":1,', '"_META":{},', "[[[[[[", '"uri":"denied:x",',
  "Content-Length: 5\r\n", "Transfer-Encoding: chunked\r\n", "Transfer-Encoding : chunked\r\n", "Content-Encoding: gzip\r\n",
  "Expect: 100-continue\r\n", "Upgrade: h2c\r\nConnection: Upgrade\r\n", " folded\r\n", "Host: other\r\n", "Connection: host\r\n",
  "MCP-Protocol-Version: 2025-03-26\r\n", "Mcp-Method: tools/list\r\n", "0\r\n\r\n", "5\r\n", "POST /mcp HTTP/1.1\r\n",
].map((text) => Buffer.from(text)); // prettier-ignore

/** Makes one change. Empty bytes only grow. */
function mutate(bytes: Buffer, random: Random): Buffer {
  const at = random.below(bytes.length + 1);
  const until = at + random.below(Math.min(40, bytes.length - at) + 1);
  switch (bytes.length === 0 ? 6 : random.below(7)) {
    case 0:
      return replaceByte(bytes, random.below(bytes.length), (byte) => byte ^ (1 << random.below(8)));
    case 1:
      return replaceByte(bytes, random.below(bytes.length), () => random.below(256));
    case 2:
      return bytes.subarray(0, at);
    case 3:
      return Buffer.concat([bytes.subarray(0, until), bytes.subarray(at)]);
    case 4:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(until)]);
    case 5:
      return replaceByte(bytes, random.below(bytes.length), swapCase);
    default:
      return Buffer.concat([bytes.subarray(0, at), random.pick(pieces), bytes.subarray(at)]);
  }
}

function replaceByte(bytes: Buffer, at: number, change: (byte: number) => number): Buffer {
  const changed = Buffer.from(bytes);
  changed[at] = change(changed[at] ?? 0);
  return changed;
}

/** Letters differ in one bit. */
const swapCase = (byte: number): number => (/[a-z]/i.test(String.fromCharCode(byte)) ? byte ^ 0x20 : byte);

/** Makes one to `most` changes. */
export function mutateOften(bytes: Buffer, random: Random, most: number): Buffer {
  let changed = bytes;
  for (let left = 1 + random.below(most); left > 0; left--) changed = mutate(changed, random);
  return changed;
}
