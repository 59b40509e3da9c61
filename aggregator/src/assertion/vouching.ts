/**
 * Vouches for callers towards sidecars: the file with the keys, the callers, and the header on every request. Without a key nothing is
 * said to anybody, and every caller is nobody in particular to every sidecar.
 */
import { callerHeader, type CallerAudience } from "@outrigger/api/caller";
import type { CallerFacts } from "@outrigger/policy";
import { readPrivateJwks } from "@outrigger/runtime/sign";
import { watchFile } from "@outrigger/runtime/watched-file";
import { anonymous, type Principal } from "../auth/principal.ts";
import type { DiscoveredSidecar } from "../discovery/source.ts";
import { createCallerBook } from "./caller-book.ts";
import { createSigner, type Vouchers } from "./signer.ts";

/** What vouching needs. `keyFile`: private keys, read again when they change. `onProblem`: gets a sentence without the file's text. */
export interface VouchingOptions {
  readonly keyFile: string | undefined;
  /** The aggregator's name to issuers of tokens. */
  readonly issuer: string;
  readonly nowMs: () => number;
  readonly onKeys: (ids: readonly string[]) => void;
  readonly onProblem: (problem: string) => void;
  /** A caller's groups and claims do not fit; told once for each. */
  readonly onTooLarge: (principal: Principal) => void;
  readonly pollMs?: number;
}

/** Vouching of one program. */
export interface Vouching {
  /** Whether a sidecar that trusts these keys takes what is said here. */
  readonly canVouch: (vouchers: Vouchers) => boolean;
  /** What rules of servers see of a caller; undefined for one that nobody vouches for. */
  readonly factsOf: (principal: Principal) => CallerFacts | undefined;
  /** The header for one request about a caller; none where the sidecar takes none. */
  readonly headersFor: (
    principal: Principal,
    audience: CallerAudience,
    vouchers: Vouchers,
  ) => Readonly<Record<string, string>>;
  /** The sidecar as it is dialled for a caller: each request to it says who calls. `vouchersNow`: what it trusts at that moment. */
  readonly dial: (principal: Principal, sidecar: DiscoveredSidecar, vouchersNow: () => Vouchers) => DiscoveredSidecar;
  /** Other keys are in use: what depends on {@link canVouch} has to be looked at again. */
  readonly onChange: (listener: () => void) => void;
  readonly close: () => void;
}

const expected = "expected a private Ed25519 key as JWK, or a set of them as JWKS, each with a kid";

/** Opens the file. Errors: gives a sentence where it can't be read or used. */
export function openVouching(
  options: VouchingOptions,
): { readonly ok: true; readonly vouching: Vouching } | { readonly ok: false; readonly problem: string } {
  const signer = createSigner(options.nowMs, options.issuer);
  const book = createCallerBook();
  const told = new WeakSet<Principal>();
  const listeners: (() => void)[] = [];
  const opened =
    options.keyFile === undefined
      ? undefined
      : watchFile({
          path: options.keyFile,
          parse: (text) => {
            const keys = readPrivateJwks(text);
            return keys === undefined ? { ok: false, problem: expected } : { ok: true, value: keys };
          },
          pollMs: options.pollMs ?? 5_000,
          onChange: (keys) => {
            signer.use(keys);
            options.onKeys(keys.map(({ kid }) => kid));
            for (const listener of listeners) listener();
          },
          onProblem: options.onProblem,
        });
  if (opened?.ok === false) return opened;
  if (opened !== undefined) signer.use(opened.file.current());

  const find = (principal: Principal) => {
    const caller = book.find(principal);
    if (caller === undefined && !told.has(principal)) {
      told.add(principal);
      options.onTooLarge(principal);
    }
    return caller;
  };
  const headersFor: Vouching["headersFor"] = (principal, audience, vouchers) => {
    const caller = find(principal);
    const text = caller === undefined ? undefined : signer.sign(caller, audience, vouchers);
    return text === undefined ? {} : { [callerHeader]: text };
  };
  return {
    ok: true,
    vouching: {
      canVouch: signer.canVouch,
      factsOf: (principal) => find(principal)?.facts,
      headersFor,
      dial: (principal, sidecar, vouchersNow) => ({
        ...sidecar,
        // Looked at with each request: an assertion lives for minutes, a session for hours.
        get headers() {
          return { ...sidecar.headers, ...headersFor(principal, sidecar, vouchersNow()) };
        },
      }),
      onChange: (listener) => void listeners.push(listener),
      close: () => opened?.file.close(),
    },
  };
}

/** Who asks a sidecar's control port: this program, for nobody in particular. */
export const asker: Principal = anonymous;
