/** The files of TLS towards the server: whom its certificate has to come from, and what the sidecar shows. Read again when they change. */
import { resolve } from "node:path";
import { createSecureContext, getCACertificates } from "node:tls";
import type { Logger } from "@outrigger/runtime/logger";
import type { FolderWatch } from "../bundle/watch.ts";
import type { TlsFiles } from "../upstream/http1/connection.ts";
import { readFiles, watchFiles } from "./watched-files.ts";

/** Paths of the files, as the settings name them. */
export interface TlsPaths {
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
}

/** What was read, or what is wrong: flags, and never what a file holds. */
export type ReadTls =
  { readonly ok: true; readonly tls: TlsFiles } | { readonly ok: false; readonly problems: readonly string[] };

/** The files in force. */
export interface HeldTls {
  readonly current: () => TlsFiles;
  /** For servers other than the one that is meant: its authority beside the usual ones, and nothing that is shown. */
  readonly authorities: () => TlsFiles;
  readonly close: () => void;
}

const flagOf = { ca: "--upstream-ca", cert: "--upstream-cert", key: "--upstream-key" } as const;

/** Reads them, and tries whether they can be used together. */
export async function readTls(paths: TlsPaths): Promise<ReadTls> {
  if ((paths.cert === undefined) !== (paths.key === undefined))
    return { ok: false, problems: ["--upstream-cert and --upstream-key belong together"] };
  const given = (["ca", "cert", "key"] as const).flatMap((name) => {
    const path = paths[name];
    return path === undefined ? [] : [{ name, path: resolve(path) }];
  });
  const { texts, unreadable } = await readFiles(given.map(({ path }) => path));
  if (unreadable.length > 0) return { ok: false, problems: unreadable };
  const tls = Object.fromEntries(given.map(({ name, path }) => [name, texts.get(path) ?? ""])) as TlsFiles;
  const problems = judge(tls);
  return problems.length === 0 ? { ok: true, tls } : { ok: false, problems };
}

function judge({ ca, cert, key }: TlsFiles): readonly string[] {
  const problems: string[] = [];
  if (ca !== undefined && !(String(ca).includes("-----BEGIN CERTIFICATE-----") && isUsable({ ca })))
    problems.push(`${flagOf.ca}: expected certificates as PEM`);
  if (cert !== undefined && !isUsable({ cert })) problems.push(`${flagOf.cert}: expected certificates as PEM`);
  else if (cert !== undefined && key !== undefined && !isUsable({ cert, key }))
    problems.push(`${flagOf.key}: expected the private key of the certificate, as PEM, without a passphrase`);
  return problems;
}

function isUsable(files: TlsFiles): boolean {
  try {
    createSecureContext(files);
    return true;
  } catch {
    // Whoever judges says what was expected; the library's words name no file.
    return false;
  }
}

/** Holds what was read, and follows the files; what can't be used leaves the last that could. */
export function holdTls(paths: TlsPaths, first: TlsFiles, logger: Logger): HeldTls {
  let current = first;
  let watch: FolderWatch | undefined;
  let isClosed = false;
  const look = async (): Promise<void> => {
    const read = await readTls(paths);
    if (!read.ok) {
      logger.error({ problems: read.problems }, "files of TLS refused, the last good ones stay");
      return;
    }
    current = read.tls;
    logger.info({}, "the files of TLS towards the server changed");
  };
  const files = Object.values(paths).flatMap((path: string | undefined) => (path === undefined ? [] : [resolve(path)]));
  void watchFiles(files, look).then((opened) => {
    if (isClosed) opened.close();
    else watch = opened;
  });
  return {
    current: () => current,
    authorities: () =>
      current.ca === undefined ? {} : { ca: [...getCACertificates("default"), ...[current.ca].flat()] },
    close: () => {
      isClosed = true;
      watch?.close();
    },
  };
}
