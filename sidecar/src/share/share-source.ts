/**
 * The pod's shares of limits that count over all replicas, as the control plane leases them: a signed file beside the bundle. The last
 * good one holds, also when it is stale: who hears no more from the control plane must not get more than before, nor nothing.
 */
import {
  readShares,
  sharesFile,
  sharesLimits,
  sharesType,
  type Share,
  type SharesPayload,
} from "@outrigger/api/shares";
import { verifyCompact } from "@outrigger/runtime/jws";
import type { Trust } from "../bundle/verify-bundle.ts";
import { watchFolder, type FolderWatch } from "../bundle/watch.ts";

/** The shares in force. */
export interface ShareSource {
  /** The share of a limit by its name; undefined where none was leased. */
  readonly share: (limit: string) => Share | undefined;
  /** How many are in force, and how many of those should have been renewed by now. */
  readonly count: () => { readonly known: number; readonly stale: number };
  /** Takes a text; false where it is refused, and then what is in force stays. */
  readonly apply: (text: string) => Promise<boolean>;
}

/** Creates the source; nothing is in force yet. `wallNow`: ms since the epoch. */
export function createShareSource(trust: Trust, wallNow: () => number): ShareSource {
  let inForce = new Map<string, Share>();
  let version = 0;
  return {
    share: (limit) => inForce.get(limit),
    count: () => ({
      known: inForce.size,
      stale: [...inForce.values()].filter(({ untilMs }) => untilMs <= wallNow()).length,
    }),
    apply: async (text) => {
      const payload = await verifyShares(text, trust);
      if (payload === undefined || payload.version < version) return false;
      ({ version } = payload);
      inForce = new Map(payload.shares.map((share) => [share.limit, share]));
      return true;
    },
  };
}

/** Follows the file in the pod's folder; `onRefused` hears of each text that is not taken. An absent or empty file says nothing. */
export function watchShares(source: ShareSource, folder: string, onRefused: () => void): FolderWatch {
  return watchFolder({ folder, files: [sharesFile] }, new Map(), async (texts) => {
    const text = texts.get(sharesFile) ?? "";
    if (text !== "" && !(await source.apply(text))) onRefused();
  });
}

async function verifyShares(text: string, trust: Trust): Promise<SharesPayload | undefined> {
  if (text.length > sharesLimits.maxChars) return undefined;
  const verified = await verifyCompact(text, { keys: trust.keys, type: sharesType });
  const read = verified.ok ? readShares(parse(verified.payload)) : undefined;
  if (read?.ok !== true) return undefined;
  const { audience } = read.value;
  const isOurs = audience.namespace === trust.namespace && (audience.server ?? trust.server) === trust.server;
  return isOurs ? read.value : undefined;
}

function parse(payload: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(payload));
  } catch {
    // The reader refuses what is no object.
    return undefined;
  }
}
