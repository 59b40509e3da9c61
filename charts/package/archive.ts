/**
 * Makes a chart's archive the same for the same chart: helm writes the time of packing into it. Decides nothing about what is in it.
 */
import { gunzipSync, gzipSync } from "node:zlib";

const blockBytes = 512;
const time = { at: 136, bytes: 12 };
const sum = { at: 148, bytes: 8 };
const size = { at: 124, bytes: 12 };

/**
 * Gives the archive with one time for every file in it.
 * Shape: `archive` is a tar within gzip and is left as it is; `timeS` are seconds since 1970.
 * Errors: throws where a size in it is no number: that is no tar.
 * Source: POSIX.1-2017 pax, "ustar Interchange Format"; GNU tar manual, "Basic Tar Format".
 */
export function setArchiveTime(archive: Uint8Array, timeS: number): Buffer {
  const tar = gunzipSync(archive);
  for (let at = 0; at + blockBytes <= tar.length && tar[at] !== 0;) {
    const header = tar.subarray(at, at + blockBytes);
    header.write(`${timeS.toString(8).padStart(time.bytes - 1, "0")}\0`, time.at, "latin1");
    writeSum(header);
    at += blockBytes + Math.ceil(readSize(header) / blockBytes) * blockBytes;
  }
  // zlib writes no time and no name by itself.
  return gzipSync(tar, { level: 9 });
}

/** The sum of all bytes of the header, where its own field counts as spaces. */
function writeSum(header: Buffer): void {
  header.fill(" ", sum.at, sum.at + sum.bytes);
  const total = header.reduce((all, byte) => all + byte, 0);
  header.write(`${total.toString(8).padStart(6, "0")}\0 `, sum.at, "latin1");
}

function readSize(header: Buffer): number {
  const text = header.toString("latin1", size.at, size.at + size.bytes).replace(/[\0 ]+$/, "");
  if (!/^[0-7]+$/.test(text)) throw new Error(`no archive of a chart: a file in it has the size "${text}"`);
  return Number.parseInt(text, 8);
}
