/** One input of the fuzzer: what a client writes to one connection, in which pieces, and how it leaves. Kept as JSON for a replay. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";

/**
 * How a client leaves. `answered`: after its first whole answer. `quiet`: when nothing has come for a while, for bytes that may
 * hold more requests than one. `abort`: by a reset, as soon as the bytes are written.
 */
export type Ending = "answered" | "quiet" | "abort";

/** One input. `cuts`: ascending offsets into `bytes` at which one write ends and the next begins. */
export interface Input {
  readonly generator: string;
  readonly bytes: Buffer;
  readonly cuts: readonly number[];
  readonly ending: Ending;
}

/** Inputs that broke an invariant, with what is needed to see it again. */
export interface Repro {
  readonly seed: number;
  readonly problem: string;
  readonly inputs: readonly Input[];
}

/** Writes a repro as JSON; bytes in base64. */
export async function keepRepro(file: string, repro: Repro): Promise<void> {
  const inputs = repro.inputs.map((input) => ({ ...input, bytes: input.bytes.toString("base64") }));
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, `${JSON.stringify({ ...repro, inputs }, null, 1)}\n`);
}

/** Reads what {@link keepRepro} wrote. A file without JSON is taken as the bytes of one request, as in the corpus. */
export async function readRepro(file: string): Promise<Repro> {
  const bytes = await readFile(file);
  if (!file.endsWith(".json")) {
    const input: Input = { generator: "replay", bytes, cuts: [], ending: "quiet" };
    return { seed: 0, problem: "", inputs: [input] };
  }
  // Our own file, written by keepRepro.
  const kept = JSON.parse(bytes.toString("utf8")) as Omit<Repro, "inputs"> & {
    readonly inputs: readonly (Omit<Input, "bytes"> & { readonly bytes: string })[];
  };
  return { ...kept, inputs: kept.inputs.map((input) => ({ ...input, bytes: Buffer.from(input.bytes, "base64") })) };
}
