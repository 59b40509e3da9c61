/** The command line of a chaos run. Pure. */
import { parseArgs } from "node:util";
import { faults, type Fault } from "./faults.ts";

/** What is wanted, or what is wrong with the command line. */
export type ReadOptions =
  | {
      readonly ok: true;
      readonly isHelp: boolean;
      readonly isJson: boolean;
      readonly seconds: number;
      readonly faults: readonly Fault[];
    }
  | { readonly ok: false; readonly message: string };

const defaultSeconds = 60;

/** What `--help` prints. */
export const help = [
  "npm run test:chaos -- [--seconds N] [--faults NAME,NAME] [--json]",
  "",
  "Kills and freezes aggregators, sidecars and the API server under load, and tells what became of each call.",
  "",
  `  --seconds  how long the load lasts, shared by the faults (default ${defaultSeconds}); starting programs comes on top`,
  "  --faults   some of them, in the order of this list:",
  ...faults.map(({ name, what }) => `             ${name.padEnd(16)} ${what}`),
  "  --json     the report as JSON",
  "",
  "Needs the cluster's binaries: OUTRIGGER_K8S_BIN, or those that `npm run cluster -- up` has built; else it builds them.",
  "Exit code: 0 no call was lost, 1 some were, 2 the run could not be made.",
].join("\n");

/** Reads it. */
export function readOptions(args: readonly string[]): ReadOptions {
  let values;
  try {
    ({ values } = parseArgs({
      args: [...args],
      options: {
        seconds: { type: "string", default: String(defaultSeconds) },
        faults: { type: "string" },
        json: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    }));
  } catch (error) {
    return { ok: false, message: error instanceof Error ? error.message : String(error) };
  }
  const seconds = Number(values.seconds);
  if (!(seconds >= 1 && seconds <= 86_400)) {
    return {
      ok: false,
      message: `--seconds: expected a number from 1 to 86400, got ${JSON.stringify(values.seconds)}`,
    };
  }
  const names = values.faults?.split(",") ?? faults.map(({ name }) => name);
  const unknown = names.find((name) => !faults.some((fault) => fault.name === name));
  if (unknown !== undefined) {
    const known = faults.map(({ name }) => name).join(", ");
    return { ok: false, message: `--faults: there is no ${JSON.stringify(unknown)}; expected some of ${known}` };
  }
  const chosen = faults.filter(({ name }) => names.includes(name));
  return { ok: true, isHelp: values.help, isJson: values.json, seconds, faults: chosen };
}
