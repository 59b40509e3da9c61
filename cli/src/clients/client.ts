/** What an MCP client's configuration is made of: the shapes, and the usual places of files per system. Pure. */

/** A file by system; where all systems agree it is one path. */
export interface FilePlace {
  readonly use: string;
  readonly linux: string;
  readonly macos: string;
  readonly windows: string;
}

/** What is to be reached, and how it is said who calls. */
export interface Target {
  /** The name under which the client shows the endpoint. */
  readonly serverName: string;
  readonly mcpUrl: string;
  /** Program and arguments that start `outrigger`, for clients that start their servers. */
  readonly launch: readonly string[];
  /** A file with the bearer token: given to `outrigger stdio`, which every client can start. */
  readonly tokenFile?: string;
  /** The variable with the bearer token, for clients whose file can name one. */
  readonly tokenVariable?: string;
}

/** The value of a file, and how it is written. */
export interface FileForm {
  readonly format: "json" | "toml" | "yaml";
  readonly value: Readonly<Record<string, unknown>>;
}

/**
 * One client. `http` is absent where the client knows stdio alone. `variable` writes the reference to a variable as the client's
 * file spells it; absent where the file can't name one. `source`: the client's own page about its file.
 */
export interface Client {
  readonly name: string;
  readonly title: string;
  readonly places: readonly FilePlace[];
  readonly source: string;
  readonly http?: (url: string, authorization: string | undefined) => Entry;
  readonly stdio: (command: string, args: readonly string[]) => Entry;
  /** The whole file around the entry. */
  readonly wrap: (serverName: string, entry: Entry) => FileForm;
  readonly variable?: (name: string) => string;
  readonly note?: (target: Target) => string;
}

/** What stands under the server's name. */
export type Entry = Readonly<Record<string, unknown>>;

/** A place that is the same path on every system. */
export const everywhere = (use: string, path: string): FilePlace => ({ use, linux: path, macos: path, windows: path });

/** A place in the home folder. */
export const inHome = (use: string, path: string): FilePlace => ({
  ...everywhere(use, `~/${path}`),
  windows: `%USERPROFILE%\\${path.replaceAll("/", "\\")}`,
});

/** A place in the folder where desktop programs keep what is the user's. */
export function inUserFolder(use: string, application: string, path: string): FilePlace {
  return {
    use,
    linux: `~/.config/${application}/${path}`,
    macos: `~/Library/Application Support/${application}/${path}`,
    windows: `%APPDATA%\\${application}\\${path.replaceAll("/", "\\")}`,
  };
}

/** The member `headers`, where there is something to say. */
export const withHeaders = (authorization: string | undefined): Entry =>
  authorization === undefined ? {} : { headers: { Authorization: authorization } };
