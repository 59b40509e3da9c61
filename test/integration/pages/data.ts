/** Reads the data that a page tells its reader to write down, each with the reader that the product has for it. */
import { parse } from "yaml";
import { parseServerFile, type FileProblem } from "@outrigger/api/server-file";
import { parsePolicyDocument } from "@outrigger/policy";
import { runCommand } from "../../demo/stage/command.ts";

type Fields = Readonly<Record<string, unknown>>;

/** Problems of a `json` or `yaml` block: a server file, manifests of the cluster, else a policy. */
export async function findProblems(language: "json" | "yaml", body: string): Promise<string[]> {
  if (language === "yaml" && /^apiVersion:/m.test(body)) return injectManifests(body);
  // Readers of files get what the language gives; both refuse what is no object.
  const value = (language === "json" ? JSON.parse(body) : parse(body)) as Fields;
  return "mcpServers" in value ? readServers(value) : readPolicy(value);
}

function readServers(value: Fields): string[] {
  const read = parseServerFile(value);
  if (!read.ok) return read.problems.map(describe);
  return read.entries.flatMap(({ outrigger }) => (outrigger.policy === undefined ? [] : readPolicy(outrigger.policy)));
}

function readPolicy(value: unknown): string[] {
  const read = parsePolicyDocument(value);
  return read.ok ? [] : read.problems.map(describe);
}

const describe = ({ path, expected }: FileProblem): string => `${path.join(".")}: expected ${expected}`;

async function injectManifests(body: string): Promise<string[]> {
  const { code, out, err } = await runCommand(["inject", "-f", "-"], { stdin: body });
  return code === 0 && out !== "" ? [] : [err];
}
