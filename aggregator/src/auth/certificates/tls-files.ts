/**
 * The endpoint's own TLS: certificate, key and the authorities of clients, from files that are read again when they change. Decides when what is
 * new is served: when all of it can be used together. Connections that stand keep what they had.
 */
import { readFileSync } from "node:fs";
import { createSecureContext, type SecureContextOptions } from "node:tls";

/** Where the files are; without `clientCa` no certificate is asked of clients. */
export interface TlsPaths {
  readonly cert: string;
  readonly key: string;
  readonly clientCa?: string | undefined;
}

/** What is served. */
export interface TlsFiles {
  readonly current: () => SecureContextOptions;
  /** Looks at the files again from now on. */
  readonly follow: (serve: (options: SecureContextOptions) => void) => void;
  readonly close: () => void;
}

const pollMs = 1_000;

/** Opens them. Errors: throws where they can't be used together. */
export function openTlsFiles(paths: TlsPaths, onProblem: (problem: string) => void): TlsFiles {
  let held = readFiles(paths);
  let told = "";
  let timer: NodeJS.Timeout | undefined;
  return {
    current: () => held,
    follow: (serve) => {
      timer = setInterval(() => {
        try {
          const next = readFiles(paths);
          told = "";
          if (isSame(next, held)) return;
          held = next;
          serve(held);
        } catch (error) {
          const problem = error instanceof Error ? error.message : String(error);
          if (problem !== told) onProblem(problem);
          told = problem;
        }
      }, pollMs).unref();
    },
    close: () => clearInterval(timer),
  };
}

function readFiles({ cert, key, clientCa }: TlsPaths): SecureContextOptions {
  const options: SecureContextOptions = {
    cert: readFileSync(cert, "utf8"),
    key: readFileSync(key, "utf8"),
    minVersion: "TLSv1.2",
    ...(clientCa === undefined ? {} : { ca: readFileSync(clientCa, "utf8") }),
  };
  // Throws where they do not go together, as between the two steps of a replacement.
  createSecureContext(options);
  return options;
}

function isSame(a: SecureContextOptions, b: SecureContextOptions): boolean {
  return a.cert === b.cert && a.key === b.key && a.ca === b.ca;
}
