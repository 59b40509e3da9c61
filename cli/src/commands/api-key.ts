/** `outrigger api-key`: makes an API key for the aggregator, and the line with its hash that lets its holder in. Nothing of it is kept. */
import { createHash, randomBytes } from "node:crypto";
import { apiKeyBytes, apiKeyPrefix, formatApiKeyLine, isApiKeyName } from "@outrigger/api/api-key";
import { Command, Option } from "commander";
import type { Io } from "../io.ts";
import { reportProblem } from "../output/problem.ts";

interface ApiKeyOptions {
  readonly groups?: string;
  readonly output: "text" | "json";
}

const examples = `
The key is shown once: give it to its holder, who sends it as X-API-Key or as Authorization: Bearer.
The line goes into the file of --api-keys, or in a cluster into member keys of the Secret aggregator.auth.apiKeysSecret.

Examples:
  outrigger api-key ci
  outrigger api-key ci --groups builders,readers
  outrigger api-key ci -o json`;

/** Builds the command. */
export function createApiKeyCommand(io: Io): Command {
  return new Command("api-key")
    .argument("<name>", "who will hold the key: letters, digits and ._@-")
    .option("--groups <groups>", "groups that its holder is in, separated by commas")
    .addOption(new Option("-o, --output <form>", "text, or one JSON object").choices(["text", "json"]).default("text"))
    .addHelpText("after", examples)
    .action((name: string, options: ApiKeyOptions) => makeKey(io, name, options));
}

function makeKey(io: Io, name: string, { groups: listed, output }: ApiKeyOptions): void {
  const groups = listed === undefined ? [] : listed.split(",").map((group) => group.trim());
  const wrong = [name, ...groups].find((each) => !isApiKeyName(each));
  if (wrong !== undefined) {
    reportProblem(io, {
      code: "OUTRIGGER_ERR_USAGE",
      what: `Expected a name of letters, digits and ._@- that begins with a letter or digit, got ${JSON.stringify(wrong)}.`,
      next: "outrigger api-key --help",
    });
    return;
  }
  const key = apiKeyPrefix + randomBytes(apiKeyBytes).toString("base64url");
  const line = formatApiKeyLine({ name, hash: createHash("sha256").update(key).digest("hex"), groups });
  if (output === "json") {
    io.out.write(`${JSON.stringify({ name, groups, key, line })}\n`);
    return;
  }
  const { paint } = io.out;
  const rows = [
    `${paint.title("Key for")} ${paint.title(name)}${paint.faint(", shown this once:")}`,
    `  ${paint.name(key)}`,
    "",
    `${paint.title("Line for the file of keys")}${paint.faint(", which holds no secret:")}`,
    `  ${line}`,
  ];
  io.out.write(`${rows.join("\n")}\n`);
}
