/**
 * Patches that the webhook made once, for a server that only hands them out: what an API server spends on a pod with a sidecar, whoever
 * put it in, is then told apart from what deciding costs.
 */
import { writeFile } from "node:fs/promises";
import { Client } from "undici";
import { idPlaceholder } from "../load/request.ts";
import { usualPods } from "./pods.ts";
import { readReview } from "./reviews.ts";
import { findApp } from "./app-of.ts";
import type { Server } from "./servers.ts";
import { recordedNamespace } from "./surroundings.ts";

/** Asks the webhook about each of the usual pods in a namespace, and writes its answers' patches, keyed by the pod's `app`. Rejects where there is none. */
export async function writePatches(
  { port, authority }: Server,
  { namespace, reviewsFile, file }: { readonly namespace: string; readonly reviewsFile: string; readonly file: string },
): Promise<void> {
  const client = new Client(`https://127.0.0.1:${port}`, { allowH2: false, connect: { ca: authority } });
  const patches: Record<string, string> = {};
  try {
    for (const kind of usualPods) {
      const body = readReview(kind, reviewsFile)
        .replaceAll(recordedNamespace, namespace)
        .replaceAll(idPlaceholder, "1");
      const headers = { "content-type": "application/json" };
      const answer = await client.request({ method: "POST", path: "/mutate/namespace", headers, body });
      const { response } = (await answer.body.json()) as { readonly response: { readonly patch?: string } };
      if (response.patch === undefined) throw new Error(`no patch of ${kind.name}: ${JSON.stringify(response)}`);
      patches[findApp(JSON.parse(body))] = response.patch;
    }
  } finally {
    await client.close();
  }
  await writeFile(file, JSON.stringify(patches));
}
