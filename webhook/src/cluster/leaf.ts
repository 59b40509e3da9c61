/**
 * The certificate that a replica serves: signed in memory by the installation's authority, renewed in time, replaced when the
 * authority is. A certificate that the API server trusts is kept until it trusts the new one as well, so that no call fails
 * in between.
 */
import { checkPair, issueLeaf, type CertificateSource, type KeyedCertificate } from "@outrigger/certs";
import { createBackoff } from "@outrigger/kube";
import type { FindAuthority } from "./authority.ts";
import { isSigningDue, isToBeServed, planRenewal, type LeafFacts } from "./leaf-choice.ts";

/** What a leaf is made with. Times in ms; `isTrusted` says whether the API server trusts an authority now. */
export interface LeafKeeperOptions {
  readonly findAuthority: FindAuthority;
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

interface Leaf extends LeafFacts {
  readonly pair: KeyedCertificate;
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
    if (newest === undefined || newest === served) return;
    if (!isToBeServed(newest, served, { isTrusted, nowMs: nowMs() })) return;
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

  const renew = async (): Promise<void> => {
    const found = await options.findAuthority();
    if (!found.ok) throw new Error(found.problem);
    const { signing } = found;
    if (isSigningDue(newest, signing.certificatePem, nowMs())) newest = await signLeaf(signing, options);
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

async function signLeaf(
  authority: KeyedCertificate,
  { names, nowMs, lifetimeMs, random }: LeafKeeperOptions,
): Promise<Leaf> {
  const startMs = nowMs();
  const pair = await issueLeaf(authority, { names, nowMs: startMs, lifetimeMs });
  const checked = checkPair(pair, startMs);
  // Only where the authority ended while it signed.
  if (!checked.ok) throw new Error(checked.problem);
  const { notBeforeMs: fromMs, notAfterMs: untilMs } = checked;
  const renewAtMs = planRenewal(startMs, untilMs, random());
  return { pair, authorityPem: authority.certificatePem, fromMs, untilMs, renewAtMs };
}
