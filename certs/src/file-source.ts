/**
 * A certificate in a folder, as a Secret is mounted: tls.crt and tls.key, replaced by somebody else at any time.
 * A pair that is not good is reported and the old one stays. Makes no certificates.
 */
import { readFileSync, watch, type FSWatcher } from "node:fs";
import { join } from "node:path";
import type { KeyedCertificate } from "./certificate.ts";
import { checkPair, type CertificateSource } from "./source.ts";

/** Where to look and how often. Changes are seen at once where the file system tells, else by polling. */
export interface FileSourceOptions {
  readonly folder: string;
  readonly pollMs: number;
  readonly nowMs: () => number;
  /** Told of a pair that is not taken; once, until something else is found. */
  readonly onProblem: (problem: string) => void;
}

/** Reads the folder once and then watches it. Without a good pair at the start there is no source. */
export function createFileSource(
  options: FileSourceOptions,
): { readonly ok: true; readonly source: CertificateSource } | { readonly ok: false; readonly problem: string } {
  const first = readPair(options);
  if (!first.ok) return first;
  let held = first;
  let lastProblem: string | undefined;
  let listener: (certificate: KeyedCertificate) => void = () => undefined;
  const refresh = (): void => {
    const read = readPair(options);
    const problem = read.ok ? undefined : read.problem;
    if (problem !== undefined && problem !== lastProblem) options.onProblem(problem);
    lastProblem = problem;
    if (read.ok && read.fingerprint !== held.fingerprint) {
      held = read;
      listener(held.pair);
    }
  };
  const timer = setInterval(refresh, options.pollMs);
  timer.unref();
  const watcher = watchFolder(options.folder, refresh);
  const source: CertificateSource = {
    current: () => held.pair,
    onChange: (next) => void (listener = next),
    close: () => {
      clearInterval(timer);
      watcher?.close();
    },
  };
  return { ok: true, source };
}

type ReadPair =
  | { readonly ok: true; readonly pair: KeyedCertificate; readonly fingerprint: string }
  | { readonly ok: false; readonly problem: string };

function readPair({ folder, nowMs }: FileSourceOptions): ReadPair {
  try {
    const pair = {
      certificatePem: readFileSync(join(folder, "tls.crt"), "utf8"),
      privateKeyPem: readFileSync(join(folder, "tls.key"), "utf8"),
    };
    const checked = checkPair(pair, nowMs());
    return checked.ok ? { ok: true, pair, fingerprint: checked.fingerprint } : checked;
  } catch (error) {
    return { ok: false, problem: error instanceof Error ? error.message : String(error) };
  }
}

/** Polling alone is enough, so a file system that can't watch is no problem. */
function watchFolder(folder: string, onEvent: () => void): FSWatcher | undefined {
  try {
    const watcher = watch(folder, { persistent: false }, onEvent);
    watcher.on("error", () => watcher.close());
    return watcher;
  } catch {
    return undefined;
  }
}
