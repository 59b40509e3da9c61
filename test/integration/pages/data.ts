/** Reads the data that a page tells its reader to write down, each with the reader that the product has for it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { parseServerFile, type FileProblem } from "@outrigger/api/server-file";
import { parsePolicyDocument } from "@outrigger/policy";
import { readEndpointFile } from "../../../aggregator/src/plan/read-file.ts";
import { parseAuthDocument } from "../../../sidecar/src/credentials/document.ts";
import { runCommand } from "../../demo/stage/command.ts";
import { repositoryRoot } from "../../demo/stage/root.ts";

type Fields = Readonly<Record<string, unknown>>;

/** Problems of a `json` or `yaml` block: a server file, an endpoint file, a document of credentials, manifests, values of the chart, what Argo CD is told, else a policy. */
export async function findProblems(language: "json" | "yaml", body: string): Promise<string[]> {
  if (language === "yaml" && /^apiVersion:/m.test(body)) return injectManifests(body);
  // Readers of files get what the language gives; both refuse what is no object.
  const value = (language === "json" ? JSON.parse(body) : parse(body)) as Fields;
  if ("mcpServers" in value) return readServers(value);
  if ("kind" in value) return readCredentials(value);
  if (language === "json" && "endpoints" in value) return readEndpoints(body);
  if ("ignoreDifferences" in value) return findUnrendered(value["ignoreDifferences"] as readonly Fields[]);
  return isChartValues(value) ? renderValues(value) : readPolicy(value);
}

function isChartValues(value: Fields): boolean {
  const known = parse(readFileSync(join(repositoryRoot, "charts/outrigger/values.yaml"), "utf8")) as Fields;
  const names = Object.keys(value);
  return names.length > 0 && names.every((name) => name in known);
}

// Helm is looked for when it is imported, so only who needs it does.
const importChart = () => import("../../charts/render.ts");

async function renderValues(values: Fields): Promise<string[]> {
  const rendered = await (await importChart()).render({ values });
  return rendered.ok ? [] : [rendered.message];
}

/** Objects that Argo CD is told of have to be the chart's. */
async function findUnrendered(entries: readonly Fields[]): Promise<string[]> {
  const manifest = await (await importChart()).renderManifest();
  const toHead = ({ group, kind }: Fields): string => `apiVersion: ${String(group)}/v1\nkind: ${String(kind)}\n`;
  return entries.map(toHead).filter((head) => !manifest.includes(head));
}

function readEndpoints(body: string): string[] {
  const read = readEndpointFile(body);
  return read.ok ? [] : [read.problem];
}

function readServers(value: Fields): string[] {
  const read = parseServerFile(value);
  if (!read.ok) return read.problems.map(describe);
  return read.entries.flatMap(({ outrigger }) => (outrigger.policy === undefined ? [] : readPolicy(outrigger.policy)));
}

function readCredentials(value: Fields): string[] {
  const read = parseAuthDocument(value);
  return read.ok ? [] : read.problems.map(describe);
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
