/** Who calls: `--token-file` and `--header`, the same for every command that talks to an aggregator. */
import { readFile } from "node:fs/promises";
import { isAbsolute, join } from "node:path";
import { InvalidArgumentError, Option, type Command } from "commander";
import type { Io } from "../io.ts";
import { reportProblem } from "../output/problem.ts";

/** The options as typed. */
export interface CredentialChoice {
  readonly tokenFile?: string;
  readonly header?: readonly (readonly [name: string, value: string])[];
}

/** Gives the headers of one request. Rejects with a sentence where the token can't be read. */
export type Credentials = () => Promise<Readonly<Record<string, string>>>;

/** What to do where a caller is not let in. */
export const sayWhoCalls = "say who calls by --token-file FILE, or by --header";

const tokenVariable = "OUTRIGGER_TOKEN_FILE";

/** Adds the options. Their values are read by {@link pickCredentials}. */
export function addCredentialOptions(command: Command): Command {
  const options = [
    new Option(
      "--token-file <file>",
      `file with the bearer token that says who calls, read for each request; default: ${tokenVariable}`,
    ),
    new Option("--header <name: value>", "a header for each request; may be given more than once").argParser(
      readHeader,
    ),
  ];
  for (const option of options) command.addOption(option);
  return command;
}

/** Headers that are the transport's own. */
const reserved = /^(?:mcp-.*|accept|content-type|content-length|host|connection|transfer-encoding|last-event-id)$/i;

function readHeader(
  text: string,
  before: CredentialChoice["header"] | undefined,
): NonNullable<CredentialChoice["header"]> {
  const { name, value } =
    /^(?<name>[!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(?<value>[\t\x20-\x7e\x80-\xff]+)$/.exec(text)?.groups ?? {};
  if (name === undefined || value === undefined)
    throw new InvalidArgumentError('Expected a header such as "X-Team: data".');
  if (reserved.test(name)) throw new InvalidArgumentError(`${name} is set by the transport itself.`);
  return [...(before ?? []), [name.toLowerCase(), value]];
}

/** How requests say who asks; undefined where the options contradict each other, which is reported here. */
export function pickCredentials(io: Io, { tokenFile, header = [] }: CredentialChoice): Credentials | undefined {
  const named = tokenFile ?? io.env[tokenVariable];
  const setting = tokenFile === undefined ? tokenVariable : "--token-file";
  const headers = Object.fromEntries(header);
  if (named === undefined || named === "") return () => Promise.resolve(headers);
  if (headers["authorization"] !== undefined) {
    const what = `${setting} and a header "authorization" say two different things: give one of them.`;
    reportProblem(io, { code: "OUTRIGGER_ERR_USAGE", what });
    return undefined;
  }
  const file = isAbsolute(named) ? named : join(io.cwd, named);
  return async () => ({ ...headers, authorization: `Bearer ${await readToken(file, setting)}` });
}

async function readToken(file: string, setting: string): Promise<string> {
  let text: string;
  try {
    text = (await readFile(file, "utf8")).trim();
  } catch (error) {
    throw new Error(
      `the token of ${setting} can't be read: ${error instanceof Error ? error.message : String(error)}`,
      {
        cause: error,
      },
    );
  }
  // RFC 6750 section 2.1: what may stand behind "Bearer ".
  if (!/^[A-Za-z0-9\-._~+/]+=*$/.test(text)) throw new Error(`${file} of ${setting} holds no bearer token`);
  return text;
}
