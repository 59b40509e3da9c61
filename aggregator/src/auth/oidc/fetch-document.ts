/**
 * Reads one JSON document of an issuer: bounded in time and size, no redirects, never from an address that issuers do not have. Of a public
 * issuer private addresses are refused as well, also where its own documents point there.
 */
import {
  allowedHosts,
  createGuardedLookup,
  createPublicLookup,
  isForbiddenHost,
  isPrivateHost,
} from "@outrigger/runtime/forbidden-address";
import { Agent, request } from "undici";
import type { Issuer } from "./issuers.ts";

/** Reads a document. Rejects with a sentence where it can't be had. */
export type FetchDocument = (url: string) => Promise<unknown>;

const documentMs = 5_000;
const maxDocumentBytes = 512 * 1024;

/** Ways to documents, of public issuers and of those in the cluster. */
export interface Documents {
  readonly of: (network: Issuer["network"]) => FetchDocument;
  readonly close: () => Promise<void>;
}

/** Opens them. */
export function openDocuments(): Documents {
  const agents = {
    public: new Agent({ connect: { timeout: documentMs, lookup: createPublicLookup() } }),
    cluster: new Agent({ connect: { timeout: documentMs, lookup: createGuardedLookup() } }),
  };
  return {
    of: (network) => async (address) => {
      const url = new URL(address);
      const problem = checkAddress(url, network);
      if (problem !== undefined) throw new Error(`${url.origin} is not asked: ${problem}`);
      const answer = await request(url, {
        dispatcher: agents[network],
        headers: { accept: "application/json" },
        headersTimeout: documentMs,
        bodyTimeout: documentMs,
        signal: AbortSignal.timeout(documentMs),
      });
      const text = await readBounded(answer.body);
      if (answer.statusCode !== 200) throw new Error(`${address} answered ${answer.statusCode}`);
      return JSON.parse(text) as unknown;
    },
    close: async () => {
      await Promise.all([agents.public.destroy(), agents.cluster.destroy()]);
    },
  };
}

/** Addresses that stand in the URL itself are not looked up, so they are looked at here. Pure. */
export function checkAddress({ protocol, hostname }: URL, network: Issuer["network"]): string | undefined {
  if (isForbiddenHost(hostname)) return `expected ${allowedHosts}`;
  if (network === "cluster") return /^https?:$/.test(protocol) ? undefined : "expected http or https";
  if (protocol !== "https:") return "expected https, or network cluster for this issuer";
  return isPrivateHost(hostname) || hostname === "localhost"
    ? "expected a public address, or network cluster for this issuer"
    : undefined;
}

async function readBounded(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > maxDocumentBytes) throw new Error(`a document of more than ${maxDocumentBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
