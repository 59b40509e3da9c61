/** When the lists of prompts and resources of an endpoint have changed, so that clients should read them again. Pure, with a memory. */
import type { JsonObject } from "@outrigger/mcp";
import type { Offers } from "../../catalog/offers.ts";

/** Gives which lists have changed since it was asked last. Cost: nothing while the catalogue is the same, else linear in the lists. */
export function watchOffers(read: () => Offers): () => readonly ("prompts" | "resources")[] {
  let told = read();
  return () => {
    const [before, now] = [told, read()];
    told = now;
    if (before === now) return [];
    const isSame = isSameList(before.resources, now.resources) && isSameList(before.templates, now.templates);
    return [
      ...(isSameList(before.prompts, now.prompts) ? [] : (["prompts"] as const)),
      ...(isSame ? [] : (["resources"] as const)),
    ];
  };
}

function isSameList(a: readonly JsonObject[], b: readonly JsonObject[]): boolean {
  return a.length === b.length && a.every((item, at) => JSON.stringify(item) === JSON.stringify(b[at]));
}
