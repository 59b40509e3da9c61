/** For tests: a control plane's key and the bundles that it signs for the server tools/search. */
import { bundleType } from "@outrigger/api/bundle";
import { generateKeyPair, signCompact, type PublicJwk } from "@outrigger/runtime/jws";

/** Whom the bundles of {@link createSigner} are for, unless a test says otherwise. */
export const audience = { namespace: "tools", server: "search" } as const;

/** A key with what it signs. `sign` takes the members of a payload that matter to the test. */
export interface Signer {
  readonly publicJwk: PublicJwk;
  readonly sign: (payload: object) => Promise<string>;
}

/** Makes a key. */
export async function createSigner(): Promise<Signer> {
  const { privateJwk, publicJwk } = await generateKeyPair();
  return {
    publicJwk,
    sign: (payload) =>
      signCompact(
        JSON.stringify({ format: 1, audience, version: 1_000, layers: [{}], ...payload }),
        privateJwk,
        bundleType,
      ),
  };
}
