/**
 * The configuration that each MCP client wants for one endpoint: by HTTP where the client knows it, else by `outrigger stdio`, which
 * every client can start. A token is never printed: the file names a variable, or the front reads a file. Writes nothing. Pure.
 */
import type { Client, Entry, FileForm, FilePlace, Target } from "./client.ts";
import { clients } from "./table.ts";
import { writeFile } from "./write-file.ts";

export type { FilePlace, Target } from "./client.ts";

export type ClientName = (typeof clients)[number]["name"];

/** The clients that we know the configuration of. */
export const clientNames: readonly ClientName[] = clients.map(({ name }) => name);

/** How a client gets to the endpoint. */
export type Way = "http" | "stdio";

/** What a client needs. `content` is the whole file, of `form`, in which the entry stands under `entryName`; `note` says what is particular about this client. */
export interface ClientConfig {
  readonly name: ClientName;
  readonly title: string;
  readonly way: Way;
  readonly content: string;
  readonly form: FileForm;
  readonly entryName: string;
  readonly places: readonly FilePlace[];
  readonly note?: string;
}

/** What is asked for. `wanted`: stdio where HTTP would do as well. */
export interface ConfigChoice extends Omit<Target, "serverName"> {
  readonly wanted?: "stdio";
}

/** The configuration, or why there is none: a sentence. */
export type BuiltConfig =
  { readonly ok: true; readonly config: ClientConfig } | { readonly ok: false; readonly why: string };

const serverName = "outrigger";

/** Builds the configuration of one client. */
export function buildClientConfig(name: ClientName, choice: ConfigChoice): BuiltConfig {
  // The names are those of the table.
  const client: Client = clients.find((each) => each.name === name) ?? clients[0];
  const target: Target = { ...choice, serverName };
  const built = buildEntry(client, target, choice.wanted);
  if (!built.ok) return built;
  const { way, entry } = built;
  const { title, places } = client;
  const form = client.wrap(serverName, entry);
  const note = client.note?.(target);
  const file = { content: writeFile(form), form, entryName: serverName };
  return { ok: true, config: { name, title, way, ...file, places, ...(note === undefined ? {} : { note }) } };
}

type BuiltEntry =
  { readonly ok: true; readonly way: Way; readonly entry: Entry } | { readonly ok: false; readonly why: string };

function buildEntry(client: Client, target: Target, wanted: "stdio" | undefined): BuiltEntry {
  const { mcpUrl, tokenFile, tokenVariable } = target;
  const http = wanted === "stdio" || tokenFile !== undefined ? undefined : client.http;
  if (tokenVariable === undefined)
    return http === undefined
      ? { ok: true, way: "stdio", entry: startFront(client, target) }
      : { ok: true, way: "http", entry: http(mcpUrl, undefined) };
  const named = client.variable?.(tokenVariable);
  if (http === undefined || named === undefined) {
    const why = `What ${client.title} reads can't name a variable with a token: keep the token in a file and give --token-file.`;
    return { ok: false, why };
  }
  // A client that wants the bare name adds the scheme by itself.
  return { ok: true, way: "http", entry: http(mcpUrl, named === tokenVariable ? named : `Bearer ${named}`) };
}

function startFront(client: Client, { launch, mcpUrl, tokenFile }: Target): Entry {
  const [command = "", ...rest] = launch;
  const token = tokenFile === undefined ? [] : ["--token-file", tokenFile];
  return client.stdio(command, [...rest, "stdio", "--endpoint", mcpUrl, ...token]);
}

/** The addresses of an endpoint for clients that we know no file of, by transport. */
export function listAddresses(mcpUrl: string): readonly (readonly [transport: string, url: string])[] {
  return [
    ["Streamable HTTP", mcpUrl],
    ["HTTP+SSE, older", `${mcpUrl}/sse`],
  ];
}
