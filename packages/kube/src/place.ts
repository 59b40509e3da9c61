/** Reads where the API server is from one word, as settings of programs give it. */
import type { ClusterPlace } from "./access.ts";

/** The place, or which form is right. */
export type ParsedPlace =
  { readonly ok: true; readonly value: ClusterPlace } | { readonly ok: false; readonly expected: string };

/** Reads `in-cluster`, `kubeconfig`, or a base URL such as that of `kubectl proxy`. */
export function parseClusterPlace(text: string): ParsedPlace {
  if (text === "in-cluster" || text === "kubeconfig") return { ok: true, value: { mode: text } };
  const isUrl = /^https?:\/\//.test(text) && URL.canParse(text);
  return isUrl
    ? { ok: true, value: { mode: "url", baseUrl: text } }
    : { ok: false, expected: "in-cluster, kubeconfig or a base URL" };
}
