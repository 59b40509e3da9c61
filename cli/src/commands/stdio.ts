/** `outrigger stdio`: lets a client that speaks stdio only talk to an endpoint. What the client reads is on stdout, all else on stderr. */
import { setTimeout as sleep } from "node:timers/promises";
import { parseDuration } from "@outrigger/api/values";
import { createLineSplitter } from "@outrigger/mcp";
import { Command, InvalidArgumentError, Option } from "commander";
import type { Endpoint } from "../endpoint.ts";
import { createFront, type Front } from "../front/front.ts";
import { createPatientSend } from "../front/patience.ts";
import { maxMessageBytes } from "../front/read-answer.ts";
import { createSender } from "../front/send.ts";
import type { Io } from "../io.ts";
import { reportProblem } from "../output/problem.ts";
import {
  addCredentialOptions,
  pickCredentials,
  type CredentialChoice,
  type Credentials,
} from "./credential-options.ts";
import { createEndpointOption, pickEndpoint } from "./endpoint-option.ts";

interface StdioOptions extends CredentialChoice {
  readonly endpoint?: string;
  readonly wait: number;
}

const examples = `
A client starts this command itself. Its file names the command and these arguments; client-config prints it whole:
  outrigger client-config --client claude-desktop

Messages pass as they are, of every revision of MCP. Whatever goes wrong is said on stderr and in the answer to the request.

Examples:
  outrigger stdio
  outrigger stdio --endpoint https://mcp.example.com/mcp/g/code --token-file ~/.outrigger-token`;

/** How long requests under way have after the client closed its end, in ms. */
const graceMs = 10_000;
const newLine = Buffer.from("\n");

/** Builds the command. */
export function createStdioCommand(io: Io): Command {
  return addCredentialOptions(new Command("stdio").addOption(createEndpointOption()))
    .addOption(
      new Option("--wait <duration>", "how long a message waits for an endpoint that refuses connections")
        .argParser(readWait)
        .default(10_000, "10s"),
    )
    .addHelpText("after", examples)
    .action((options: StdioOptions) => runStdio(io, options));
}

function readWait(text: string): number {
  const parsed = parseDuration(text);
  if (!parsed.ok) throw new InvalidArgumentError(`Expected ${parsed.expected}.`);
  return parsed.value;
}

async function runStdio(io: Io, options: StdioOptions): Promise<void> {
  const endpoint = pickEndpoint(io, options.endpoint);
  if (endpoint === undefined) return;
  const credentials = pickCredentials(io, options);
  if (credentials === undefined) return;
  const tell = (sentence: string): void => io.err.write(`outrigger stdio: ${sentence}\n`);
  if (isReadable(endpoint) && (options.tokenFile !== undefined || options.header !== undefined))
    tell(`${endpoint.base} is plain HTTP: whoever is on the way reads what says who you are.`);
  if (io.pipe.isTerminal)
    tell(`carries JSON-RPC lines to ${endpoint.mcpUrl}. An MCP client starts it; Ctrl-D ends it.`);
  await carry(io, endpoint, { credentials, tell, waitMs: options.wait });
}

interface Carried {
  readonly credentials: Credentials;
  readonly tell: (sentence: string) => void;
  readonly waitMs: number;
}

async function carry(io: Io, endpoint: Endpoint, { credentials, tell, waitMs }: Carried): Promise<void> {
  const { pipe, host } = io;
  const dialled = { address: endpoint.mcpUrl, setting: endpoint.setting };
  const sender = createSender(endpoint.mcpUrl, credentials);
  const ended = new AbortController();
  const pause = (ms: number, signal: AbortSignal): Promise<void> =>
    sleep(ms, undefined, { signal }).catch(() => undefined);
  const timing = { random: Math.random, nowMs: () => performance.now() };
  const send = createPatientSend({ send: sender.send, dialled, waitMs, tell, ...timing, pause });
  const write = async (line: Buffer): Promise<void> => {
    // Nobody reads any more: there is nothing left to do.
    await pipe.write(Buffer.concat([line, newLine])).catch(() => ended.abort());
  };
  const front = createFront({ send, dialled, write, tell, pause, random: timing.random });
  host.onSignal((signal) => {
    ended.abort();
    void front.finish(AbortSignal.abort()).finally(() => host.exit(signal === "SIGINT" ? 130 : 0));
  });
  await Promise.race([takeAll(io, front, tell), whenEnded(ended.signal)]);
  if (!ended.signal.aborted) await front.finish(AbortSignal.timeout(graceMs));
  sender.close();
}

/** Takes lines until the client closes its end. */
async function takeAll(io: Io, front: Front, tell: (sentence: string) => void): Promise<void> {
  const splitter = createLineSplitter({ maxLineBytes: maxMessageBytes });
  try {
    for await (const chunk of io.pipe.input()) {
      const { lines, overflow } = splitter.push(chunk);
      for (const line of lines) await front.take(line);
      if (overflow) {
        const what = `A line on standard input is longer than ${maxMessageBytes} bytes.`;
        reportProblem(io, { code: "OUTRIGGER_ERR_USAGE", what });
        return;
      }
    }
  } catch (error) {
    tell(`standard input broke: ${error instanceof Error ? error.message : String(error)}.`);
  }
  // The last line may lack its end.
  for (const line of splitter.push(newLine).lines) await front.take(line);
}

function whenEnded(signal: AbortSignal): Promise<undefined> {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  signal.addEventListener("abort", () => resolve(undefined), { once: true });
  return promise;
}

function isReadable({ base }: Endpoint): boolean {
  const { protocol, hostname } = new URL(base);
  return protocol === "http:" && !["127.0.0.1", "localhost", "[::1]"].includes(hostname);
}
