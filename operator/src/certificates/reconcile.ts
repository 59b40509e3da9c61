/** Second stage of certificates: which entries trust something else than they should. Pure. Before: observe.ts, next: apply.ts. */
import { joinTrusted, type AuthorityState } from "@outrigger/certs";
import type { JsonPatchOperation } from "@outrigger/kube";
import type { EntryFacts } from "../cluster/own-objects.ts";

/** What every entry of ours is to trust: base64 of the certificates as PEM. */
export function toCaBundle({ trusted }: Pick<AuthorityState, "trusted">): string {
  return Buffer.from(joinTrusted(trusted)).toString("base64");
}

/** The entries that trust something else. */
export function findStrays(entries: readonly EntryFacts[], caBundle: string): readonly EntryFacts[] {
  return entries.filter((entry) => entry.caBundle !== caBundle);
}

/** Repairs entries. Each is tested by name first: somebody may have moved them meanwhile. */
export function buildRepair(strays: readonly EntryFacts[], caBundle: string): readonly JsonPatchOperation[] {
  return strays.flatMap(({ index, name }) => [
    { op: "test", path: `/webhooks/${index}/name`, value: name },
    { op: "add", path: `/webhooks/${index}/clientConfig/caBundle`, value: caBundle },
  ]);
}
