/**
 * The keys by which the aggregator of a run vouches for callers to its sidecars. They are made for each run and live in its folder: the
 * aggregator gets the private half, the sidecars the public one.
 */
import type { generateKeyPair } from "@outrigger/runtime/jws";
import type { RunFolder } from "./run-folder.ts";

/** Where the two halves are: a private JWK, and a JWKS with the public one. */
export interface CallerKeys {
  readonly privateFile: string;
  readonly publicFile: string;
}

/** Writes both files. */
export function writeCallerKeys(
  folder: RunFolder,
  { privateJwk, publicJwk }: Awaited<ReturnType<typeof generateKeyPair>>,
): CallerKeys {
  return {
    privateFile: folder.write("caller-key.json", `${JSON.stringify(privateJwk)}\n`),
    publicFile: folder.write("caller-keys.json", `${JSON.stringify({ keys: [publicJwk] })}\n`),
  };
}
