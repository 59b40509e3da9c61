/** First stage of trust: what the Secret holds. Next: reconcile.ts. */
import { trustObject } from "@outrigger/api/cluster-objects";
import { resources, type ApiFailure, type Objects, type RawSecret } from "@outrigger/kube";
import { readJwks, type PrivateJwk } from "@outrigger/runtime/jws";

/** The keys that sign. `previous` is there while some pod needs it. `createdMs`: when the current one was made. */
export interface TrustKeys {
  readonly current: PrivateJwk;
  readonly previous: PrivateJwk | undefined;
  readonly createdMs: number;
}

/** What the Secret says. `broken`: it is there, and nothing can be signed with it. */
export type ObservedTrust =
  | { readonly kind: "absent" }
  | { readonly kind: "broken"; readonly resourceVersion: string; readonly problem: string }
  | { readonly kind: "present"; readonly resourceVersion: string; readonly keys: TrustKeys };

/** Reads the Secret. */
export async function observeTrust(
  objects: Objects,
  place: { readonly namespace: string; readonly name: string },
): Promise<
  { readonly ok: true; readonly trust: ObservedTrust } | { readonly ok: false; readonly failure: ApiFailure }
> {
  const read = await objects.get({ resource: resources.secrets, ...place });
  if (read.ok) return { ok: true, trust: readTrustSecret(read.object) };
  return read.failure.kind === "notFound" ? { ok: true, trust: { kind: "absent" } } : read;
}

/** Reads what the Secret holds. A broken previous key is as good as none. */
export function readTrustSecret(secret: RawSecret): ObservedTrust {
  const resourceVersion = secret.metadata?.resourceVersion ?? "";
  const current = readPrivateJwk(readMember(secret, trustObject.privateMember));
  if (current === undefined) return { kind: "broken", resourceVersion, problem: "it holds no private key" };
  const createdMs = Date.parse(readMember(secret, trustObject.createdMember));
  const previous = readPrivateJwk(readMember(secret, trustObject.previousMember));
  return {
    kind: "present",
    resourceVersion,
    // A key without a date would be rotated at once; one from the future never.
    keys: { current, previous, createdMs: Number.isNaN(createdMs) ? Number.NaN : createdMs },
  };
}

function readMember({ data }: RawSecret, name: string): string {
  return Buffer.from(data?.[name] ?? "", "base64").toString("utf8");
}

function readPrivateJwk(text: string): PrivateJwk | undefined {
  try {
    // Members are checked by the reader of public keys, the private half here.
    const { d, ...publicPart } = JSON.parse(text) as Partial<PrivateJwk>;
    const jwks = readJwks({ keys: [publicPart] });
    const [key] = jwks?.keys ?? [];
    return key === undefined || typeof d !== "string" || d === "" ? undefined : { ...key, d };
  } catch {
    return undefined;
  }
}
