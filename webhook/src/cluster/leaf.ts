/**
 * The certificate that a replica serves: signed in memory by the installation's authority, renewed in time, replaced when the
 * authority is. A certificate that the API server trusts is kept until it trusts the new one as well, so that no call fails
 * in between.
 */
import { checkPair, issueLeaf, type CertificateSource, type KeyedCertificate } from "@outrigger/certs";
import { createBackoff } from "@outrigger/kube";
import type { WatchedAuthority } from "./authority.ts";

/** What a leaf is made with. Times in ms; `isTrusted` says whether the API server trusts an authority now. */
export interface LeafKeeperOptions {
  readonly findAuthority: WatchedAuthority["find"];
  readonly isTrusted: (authorityPem: string) => boolean;
  readonly names: readonly string[];
  readonly lifetimeMs: number;
  /** How often the clock is looked at; a suspended machine misses no renewal that way. */
  readonly checkMs: number;
  readonly nowMs: () => number;
  readonly random: () => number;
  readonly onProblem: (problem: string) => void;
  /** Told after another certificate is served, the first one included. */
  readonly onServed: () => void;
}

/** Keeps a leaf. */
export interface LeafKeeper {
  /** Resolves with the first certificate; waits for the API server as long as it takes. */
  readonly first: Promise<CertificateSource>;
  /** The certificate of the authority behind what is served now. */
  readonly authorityPem: () => string | undefined;
  /** Something changed: the authority, or who trusts it. */
  readonly reconsider: () => void;
  readonly close: () => void;
}

interface Leaf {
  readonly pair: KeyedCertificate;
  readonly authorityPem: string;
  readonly renewAtMs: number;
}

const retryBounds = { firstMs: 250, longestMs: 10_000 };

/** Starts keeping; the first attempt follows the first {@link LeafKeeper.reconsider}. */
export function createLeafKeeper(options: LeafKeeperOptions): LeafKeeper {
  const { nowMs, isTrusted } = options;
  const backoff = createBackoff(options.random, retryBounds);
  let newest: Leaf | undefined;
  let served: Leaf | undefined;
  let listener: (certificate: KeyedCertificate) => void = () => undefined;
  let resolveFirst: (source: CertificateSource) => void = () => undefined;
  const first = new Promise<CertificateSource>((resolve) => (resolveFirst = resolve));
  let retry: NodeJS.Timeout | undefined;
  let isClosed = false;
  const work = { isUnderWay: false, isWanted: false };

  const clock = setInterval(() => reconsider(), options.checkMs);
  clock.unref();
  const close = (): void => {
    isClosed = true;
    clearInterval(clock);
    clearTimeout(retry);
  };

  const serveNewest = (): void => {
    if (newest === undefined || newest === served || !isToBeServed(newest)) return;
    const leaf = newest;
    const isFirst = served === undefined;
    served = leaf;
    if (isFirst) resolveFirst(createSource(leaf));
    else listener(leaf.pair);
    options.onServed();
  };
  const createSource = (leaf: Leaf): CertificateSource => ({
    current: () => (served ?? leaf).pair,
    onChange: (next) => void (listener = next),
    close,
  });
  const isToBeServed = (leaf: Leaf): boolean =>
    served === undefined ||
    isTrusted(leaf.authorityPem) ||
    !isTrusted(served.authorityPem) ||
    !checkPair(served.pair, nowMs()).ok;

  const renew = async (): Promise<void> => {
    const found = await options.findAuthority();
    if (!found.ok) throw new Error(found.problem);
    const { signing } = found;
    const isDue = newest === undefined || newest.authorityPem !== signing.certificatePem || nowMs() >= newest.renewAtMs;
    if (isDue) newest = await signLeaf(signing, options);
    serveNewest();
  };
  const run = async (): Promise<void> => {
    work.isUnderWay = true;
    try {
      while (work.isWanted && !isClosed) {
        work.isWanted = false;
        await renew();
        backoff.reset();
      }
    } catch (error) {
      options.onProblem(error instanceof Error ? error.message : String(error));
      retry ??= setTimeout(() => {
        retry = undefined;
        reconsider();
      }, backoff.next());
    } finally {
      work.isUnderWay = false;
    }
  };
  const reconsider = (): void => {
    if (isClosed) return;
    serveNewest();
    work.isWanted = true;
    if (!work.isUnderWay) void run();
  };
  return { first, authorityPem: () => served?.authorityPem, reconsider, close };
}

/** Renewal comes at two thirds of the life, a tenth more or less, so that replicas do not renew at once. */
async function signLeaf(
  authority: KeyedCertificate,
  { names, nowMs, lifetimeMs, random }: LeafKeeperOptions,
): Promise<Leaf> {
  const startMs = nowMs();
  const pair = await issueLeaf(authority, { names, nowMs: startMs, lifetimeMs });
  const checked = checkPair(pair, startMs);
  // The authority may end before a whole life is over.
  const endMs = checked.ok ? checked.notAfterMs : startMs;
  const renewAtMs = startMs + (endMs - startMs) * (2 / 3) * (0.9 + random() * 0.2);
  return { pair, authorityPem: authority.certificatePem, renewAtMs };
}
