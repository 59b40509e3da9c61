/**
 * Catalogues by digest, fetched once for all replicas of a server that list the same. Keyed by server too: a digest is a
 * sidecar's claim, and one server must not fill another's entry.
 */
import { feedPaths, readCatalogue, type Catalogue } from "@outrigger/api/feed";
import { request, type Dispatcher } from "undici";
import { readBounded } from "../route/read-events.ts";

/** Which catalogue is wanted, and which sidecar can be asked for it. `headers`: who asks, where not everybody may. */
export interface CatalogueWanted {
  readonly serverKey: string;
  readonly digest: string;
  readonly controlUrl: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface DigestCache {
  /** The catalogue; rejects where this attempt to fetch it fails, and a later call tries again. */
  readonly get: (wanted: CatalogueWanted) => Promise<Catalogue>;
  /** Forgets all catalogues of a server but these digests. */
  readonly keepOnly: (serverKey: string, wanted: ReadonlySet<string>) => void;
}

/** Largest catalogue in bytes: what the index takes of a server, doubled for prompts and resources. */
const maxCatalogueBytes = 32 * 1024 * 1024;
const timeoutMs = 30_000;

/** Creates an empty cache. */
export function createDigestCache(dispatcher: Dispatcher): DigestCache {
  const byServer = new Map<string, Map<string, Promise<Catalogue>>>();
  return {
    get: (wanted) => {
      const entries = byServer.get(wanted.serverKey) ?? new Map<string, Promise<Catalogue>>();
      byServer.set(wanted.serverKey, entries);
      const known = entries.get(wanted.digest);
      if (known !== undefined) return known;
      const fetched = fetchCatalogue(dispatcher, wanted);
      entries.set(wanted.digest, fetched);
      // A failed attempt must not stay: the next caller tries again. The rejection itself goes to this caller.
      fetched.catch(() => entries.delete(wanted.digest));
      return fetched;
    },
    keepOnly: (serverKey, wanted) => {
      const entries = byServer.get(serverKey);
      if (entries === undefined) return;
      for (const digest of entries.keys()) if (!wanted.has(digest)) entries.delete(digest);
      if (entries.size === 0) byServer.delete(serverKey);
    },
  };
}

async function fetchCatalogue(dispatcher: Dispatcher, wanted: CatalogueWanted): Promise<Catalogue> {
  const { controlUrl, digest, headers = {} } = wanted;
  const answer = await request(controlUrl + feedPaths.catalogue + digest, {
    dispatcher,
    headers,
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
  });
  if (answer.statusCode !== 200) {
    await answer.body.dump();
    throw new Error(`the control port answered ${answer.statusCode} for the catalogue`);
  }
  const catalogue = readCatalogue(JSON.parse(await readBounded(answer.body, maxCatalogueBytes)));
  if (catalogue === undefined) throw new Error("the control port's answer is not a catalogue");
  if (catalogue.digest !== digest) throw new Error("the control port sent another catalogue than was asked for");
  return catalogue;
}
