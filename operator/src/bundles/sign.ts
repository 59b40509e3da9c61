/** Signs bundles and remembers what it signed, since the same texts are asked for at every run. */
import { bundleType, type BundlePayload } from "@outrigger/api/bundle";
import { signCompact, type PrivateJwk } from "@outrigger/runtime/jws";
import { digestOf } from "../cluster/injected-pod.ts";
import type { Sign } from "./reconcile.ts";

/** Most texts that are remembered; the oldest goes first. A text is at most some 64 KiB. */
const limit = 512;

/** Creates the signer. */
export function createSigner(): Sign {
  const known = new Map<string, Promise<string>>();
  return (payload: BundlePayload, key: PrivateJwk) => {
    const { format, audience, version, layers, assertionKeys } = payload;
    // Members in a fixed order: the same policy gives the same text.
    const { namespace, server } = audience;
    const target = server === undefined ? { namespace } : { namespace, server };
    const vouched = assertionKeys === undefined ? {} : { assertionKeys };
    const text = JSON.stringify({ format, audience: target, version, layers, ...vouched });
    const id = `${key.kid} ${digestOf(text)}`;
    const signed = known.get(id) ?? signCompact(text, key, bundleType);
    known.delete(id);
    known.set(id, signed);
    const [oldest] = known.keys();
    if (known.size > limit && oldest !== undefined) known.delete(oldest);
    return signed;
  };
}
