/**
 * `npm run charts`: writes values.yaml, its schema and the README's table. `--check` writes nothing and fails where one differs.
 * `--package` makes what is handed out instead: the chart's archive, the index of a Helm repository and install.yaml.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { generateFiles } from "./files.ts";
import { packageChart } from "./package/package.ts";

const usage = `npm run charts                       writes values.yaml, values.schema.json and the table of values
npm run charts -- --check            fails where one of them differs
npm run charts -- --package          makes outrigger-VERSION.tgz, index.yaml and install.yaml
  --out DIR                          where to; default: dist/charts
  --url URL                          where archives of the repository will be; default: beside index.yaml
  --values FILE                      values of install.yaml; may be given more than once

OUTRIGGER_HELM names the helm program, SOURCE_DATE_EPOCH the time in the files (seconds; default: 0).`;

/** Reads the command line. Throws on what it does not know. */
function readArguments() {
  const flag = { type: "boolean", default: false } as const;
  const { values } = parseArgs({
    options: {
      check: flag,
      package: flag,
      help: flag,
      out: { type: "string" },
      url: { type: "string" },
      values: { type: "string", multiple: true },
    },
  });
  if (!values.package && (values.out ?? values.url ?? values.values) !== undefined) {
    throw new Error("--out, --url and --values go with --package");
  }
  if (values.package && values.check) throw new Error("--check does not go with --package");
  return values;
}

async function generate(isCheck: boolean): Promise<void> {
  const stale = (await generateFiles()).filter(({ url, text }) => read(url) !== text);
  for (const { url, text } of isCheck ? [] : stale) writeFileSync(url, text);
  if (!isCheck || stale.length === 0) return;
  const names = stale.map(({ url }) => url.pathname.split("/charts/").at(-1)).join(", ");
  process.stderr.write(`behind charts/values: ${names}. Run: npm run charts\n`);
  process.exitCode = 1;
}

function read(url: URL): string | undefined {
  try {
    return readFileSync(url, "utf8");
  } catch {
    // A file that is not there is one that differs.
    return undefined;
  }
}

async function makePackage({ out, url, values = [] }: ReturnType<typeof readArguments>): Promise<void> {
  const epoch = process.env["SOURCE_DATE_EPOCH"] ?? "0";
  if (!/^\d+$/.test(epoch)) throw new Error(`SOURCE_DATE_EPOCH: expected seconds since 1970, found "${epoch}"`);
  const { archive, index, install } = await packageChart({
    helm: process.env["OUTRIGGER_HELM"] ?? "helm",
    chart: fileURLToPath(new URL("outrigger", import.meta.url)),
    folder: out ?? fileURLToPath(new URL("../dist/charts", import.meta.url)),
    ...(url === undefined ? {} : { url }),
    values,
    timeS: Number(epoch),
  });
  for (const file of [archive, index, install]) process.stdout.write(`${relative(process.cwd(), file)}\n`);
}

/** What a person did wrong is told in a line; the exit code of a wrong command line is its own. */
function fail(error: unknown, code: number): void {
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`${message}\n${code === 2 ? `\n${usage}\n` : ""}`);
  process.exitCode = code;
}

function tryArguments(): ReturnType<typeof readArguments> | undefined {
  try {
    return readArguments();
  } catch (error) {
    fail(error, 2);
    return undefined;
  }
}

const given = tryArguments();
if (given?.help === true) process.stdout.write(`${usage}\n`);
else if (given?.package === true) await makePackage(given).catch((error: unknown) => fail(error, 1));
else if (given !== undefined) await generate(given.check);
