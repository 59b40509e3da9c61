/** Holds what `--upstream-auth` says, as it was read last and could be used; reads it again when a file changes. */
import type { Logger } from "@outrigger/runtime/logger";
import type { FolderWatch } from "../bundle/watch.ts";
import { readAuth, type Auth } from "./read-auth.ts";
import { watchFiles } from "./watched-files.ts";

/** What is held, and where it comes from. */
export interface AuthFileOptions {
  readonly file: string;
  readonly serverUrl: URL;
  readonly first: Auth;
  readonly logger: Logger;
  readonly onChange: (auth: Auth) => void;
}

/** The holder. */
export interface AuthFile {
  /** Why what stands there now is not in force; undefined where it is. */
  readonly problem: () => string | undefined;
  /** Reads it now. Resolves when what it says is in force, or refused. */
  readonly look: () => Promise<void>;
  readonly close: () => void;
}

/** Starts to hold. The files are watched until it is closed. */
export function holdAuthFile({ file, serverUrl, first, logger, onChange }: AuthFileOptions): AuthFile {
  let inForce = JSON.stringify(fingerprint(first));
  let watched: readonly string[] = [];
  let watch: FolderWatch | undefined;
  let problem: string | undefined;
  let isClosed = false;
  const isOver = (): boolean => isClosed;

  const follow = async (files: readonly string[]): Promise<void> => {
    if (isOver() || files.join("\0") === watched.join("\0")) return;
    watched = files;
    const before = watch;
    watch = undefined;
    before?.close();
    const opened = await watchFiles(files, look);
    // Files changed meanwhile, or nobody listens any more.
    if (isOver() || watched !== files) opened.close();
    else watch = opened;
  };
  const look = async (): Promise<void> => {
    const read = await readAuth(file, serverUrl);
    if (isOver()) return;
    if (read.ok) take(read.auth);
    else tell(read.problems);
    await follow(read.ok ? read.auth.files : [...new Set([...watched, ...read.files])]);
  };
  const take = (auth: Auth): void => {
    problem = undefined;
    const mark = JSON.stringify(fingerprint(auth));
    if (mark === inForce) return;
    inForce = mark;
    logger.info({ credentials: auth.material.kind }, "the credentials for the server changed");
    onChange(auth);
  };
  const tell = (problems: readonly string[]): void => {
    const text = problems.join("; ");
    if (text !== problem) logger.error({ problems }, "credentials for the server refused, the last good ones stay");
    problem = text;
  };
  void follow(first.files);
  return {
    problem: () => problem,
    look,
    close: () => {
      isClosed = true;
      watch?.close();
    },
  };
}

/** What tells two states apart; it stays in memory. */
function fingerprint({ material, privateHosts, files }: Auth): object {
  const proof = material.kind === "Tokens" && "key" in material.proof ? exportKey(material.proof.key) : undefined;
  return { material, proof, files, hosts: [...privateHosts] };
}

const exportKey = ({ key, algorithm, keyId }: ClientKeyLike): object => ({
  ...{ der: key.export({ format: "der", type: "pkcs8" }).toString("base64"), algorithm, keyId },
});

type ClientKeyLike = Extract<Extract<Auth["material"], { kind: "Tokens" }>["proof"], { key: unknown }>["key"];
