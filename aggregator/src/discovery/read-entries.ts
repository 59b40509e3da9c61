/**
 * Reads the text of a server file as sidecars to dial. Decides which entries can be dialled: those with the address of a
 * sidecar and of its control port. No I/O; what the file was before is kept by `kept-list.ts`.
 */
import { parseServerFile, type ServerEntry, type UrlEntry } from "@outrigger/api/server-file";
import { allowedHosts, isForbiddenHost } from "@outrigger/runtime/forbidden-address";
import type { DiscoveredSidecar, DiscoveryProblem, Origin } from "./source.ts";

const defaultGroup = "default";

/**
 * Where a list stands, which is what its entries have in common. `keyPrefix` is unique over all lists; `createdAtOf` gives the time
 * (RFC 3339) at which an entry's key was first seen.
 */
export interface ListPlace {
  readonly origin: Extract<Origin, "ConfigMap" | "File">;
  readonly namespace: string;
  readonly keyPrefix: string;
  readonly createdAtOf: (key: string) => string;
}

/** The outcome for a whole file: entries that can be dialled and entries that can't, or why the file can't be read. */
export type ReadEntries =
  | {
      readonly ok: true;
      readonly sidecars: readonly DiscoveredSidecar[];
      readonly problems: readonly DiscoveryProblem[];
    }
  | { readonly ok: false; readonly message: string };

/** Reads a file's text. */
export function readEntries(text: string, { keyPrefix, createdAtOf, ...place }: ListPlace): ReadEntries {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { ok: false, message: `not JSON: ${error instanceof Error ? error.message : String(error)}` };
  }
  const parsed = parseServerFile(value);
  if (!parsed.ok) {
    const lines = parsed.problems.map(({ path, expected }) => `${path.join(".") || "the whole"}: expected ${expected}`);
    return { ok: false, message: lines.join("; ") };
  }
  const sidecars: DiscoveredSidecar[] = [];
  const problems: DiscoveryProblem[] = [];
  for (const entry of parsed.entries) {
    const key = `${keyPrefix}:${entry.name}`;
    const read = readEntry(entry, { ...place, key, createdAt: createdAtOf(key) });
    if ("reason" in read) problems.push(read);
    else sidecars.push(read);
  }
  return { ok: true, sidecars, problems };
}

interface Identity extends Omit<ListPlace, "keyPrefix" | "createdAtOf"> {
  readonly key: string;
  readonly createdAt: string;
}

function readEntry(entry: ServerEntry, identity: Identity): DiscoveredSidecar | DiscoveryProblem {
  const { group = defaultGroup, origin, routing } = entry.outrigger;
  const base = { ...identity, server: entry.name, group, labels: {} } as const;
  if (entry.form === "process") {
    const message = "The entry starts a process. Only sidecars are dialled: start a sidecar and give its url.";
    return { ...base, reason: "NotInjected", message };
  }
  const controlUrl = readControl(entry);
  if (controlUrl === undefined) {
    const message = "The entry has no outrigger.control with the base URL of its sidecar's control port.";
    return { ...base, reason: "EndpointInvalid", message };
  }
  const forbidden = [entry.url, controlUrl].find((url) => isForbiddenHost(URL.parse(url)?.hostname ?? ""));
  if (forbidden !== undefined) {
    const message = `The entry leads to ${forbidden}. Expected an address that is ${allowedHosts}.`;
    return { ...base, reason: "EndpointInvalid", message };
  }
  return {
    ...base,
    dataUrl: entry.url,
    controlUrl,
    transport: origin?.transport ?? "streamable-http",
    ...(origin?.package === undefined ? {} : { image: origin.package }),
    ...(routing === undefined ? {} : { routing }),
    headers: entry.headers,
    isReady: true,
  };
}

function readControl({ outrigger }: UrlEntry): string | undefined {
  const url = outrigger.control === undefined ? null : URL.parse(outrigger.control);
  return url !== null && /^https?:$/.test(url.protocol) ? url.href.replace(/\/+$/, "") : undefined;
}
