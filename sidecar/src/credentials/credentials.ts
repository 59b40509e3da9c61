/**
 * Which headers show the server who the sidecar is, or for whom it calls. The one place that knows every kind of credentials; upstream/
 * authorized.ts puts them on requests.
 */
import type { Logger } from "@outrigger/runtime/logger";
import type { HealthReport } from "@outrigger/runtime/health";
import type { TlsFiles } from "../upstream/http1/connection.ts";
import type { UpstreamFailure } from "../upstream/upstream.ts";
import { holdAuthFile } from "./auth-file.ts";
import { createCallerTokens, type CallerTokens } from "./caller-tokens.ts";
import { createCredentialCounts } from "./counts.ts";
import { failureOf, troubleOf, unnamed, type Trouble } from "./failures.ts";
import type { Auth } from "./read-auth.ts";
import { createTokenEndpoint } from "./token-endpoint.ts";
import { createTokenSource, type Had, type TokenSource } from "./token-source.ts";

/** For whom a request is. `isOwn`: the sidecar asks for itself. */
export interface Asker {
  readonly caller: string;
  readonly isOwn: boolean;
  /** The text that vouches for the caller, where somebody did. */
  readonly assertion: string | undefined;
}

/** Headers as a flat list, names in lower case, or why there are none. */
export type Shown =
  | { readonly ok: true; readonly headers: readonly string[] }
  | { readonly ok: false; readonly failure: UpstreamFailure };

/** The credentials for one server. */
export interface Credentials {
  /** At once where they are there. */
  readonly get: (asker: Asker) => Shown | Promise<Shown>;
  /** The server refused these. Gives others, or the failure that tells it; of the `last` the failure in any case. */
  readonly replace: (asker: Asker, refused: readonly string[], isLast: boolean) => Promise<Shown>;
  /** The server took these. */
  readonly accepted: (asker: Asker) => void;
  readonly details: () => HealthReport["checks"];
  /** Prometheus text. */
  readonly expose: () => string;
  readonly close: () => void;
}

/** What they need. Clocks in ms; `random`: unguessable ids. */
export interface CredentialsOptions {
  readonly file: string;
  readonly serverUrl: URL;
  readonly first: Auth;
  readonly tls: (() => TlsFiles) | undefined;
  readonly logger: Logger;
  readonly now: () => number;
  readonly wallNow: () => number;
  readonly random: () => string;
  /** Told when the sidecar's own credentials come to be in trouble, and when that is over. */
  readonly onTrouble: (trouble: Trouble | undefined) => void;
  /** Told of what is in force. */
  readonly onAuth: (auth: Auth) => void;
}

/** Callers whose tokens are kept at once: about 2 KiB each. */
const maxCallers = 1_024;

/** Where credentials come from, as one form. `perCaller`: for others than the sidecar itself. */
interface Store {
  readonly own: TokenSource | undefined;
  readonly perCaller: CallerTokens | undefined;
  readonly fixed: readonly string[];
}

/** Creates them; nothing is asked before the first need. */
export function createCredentials(options: CredentialsOptions): Credentials {
  const { first, logger, now } = options;
  const counts = createCredentialCounts();
  let trouble: Trouble | undefined;
  const tell = (next: Trouble | undefined): void => {
    if (next?.reason === trouble?.reason && next?.message === trouble?.message) return;
    trouble = next;
    if (next === undefined) logger.info({}, "the credentials for the server can be used again");
    else logger.warn({ reason: next.reason, detail: next.message }, "the credentials for the server can't be used");
    options.onTrouble(next);
  };
  let store = openStore(first, { ...options, tell, counts });
  const file = holdAuthFile({
    ...{ file: options.file, serverUrl: options.serverUrl, first, logger },
    onChange: (auth) => {
      options.onAuth(auth);
      store = openStore(auth, { ...options, tell, counts });
      // What was said of the former ones says nothing of these.
      tell(undefined);
    },
  });
  const sourceOf = ({ own, perCaller }: Store, asker: Asker): TokenSource | "nobody" | undefined => {
    if (perCaller === undefined || asker.isOwn) return own;
    const { caller, assertion } = asker;
    return assertion === undefined ? "nobody" : perCaller.of({ caller, assertion });
  };
  const isOwn = (asker: Asker): boolean => store.perCaller === undefined || asker.isOwn;
  /** A credential that the server refuses, and nothing better is there. */
  const giveUp = (asker: Asker): Shown => {
    counts.refused();
    if (isOwn(asker)) tell(troubleOf("Refused", "the server refuses the sidecar's credentials with HTTP 401"));
    return { ok: false, failure: failureOf("Refused", "the server refuses the credentials with HTTP 401", undefined) };
  };
  const replaceFixed = async (asker: Asker, refused: readonly string[]): Promise<Shown> => {
    const before = store;
    if (before.fixed.join("\0") === refused.join("\0")) await file.look();
    return store === before && before.own === undefined ? giveUp(asker) : get(asker);
  };
  const get = (asker: Asker): Shown | Promise<Shown> => {
    const source = sourceOf(store, asker);
    if (source === "nobody") return { ok: false, failure: unnamed };
    if (source === undefined) return { ok: true, headers: store.fixed };
    const had = source.get();
    return had instanceof Promise ? had.then(show) : show(had);
  };

  return {
    get,
    async replace(asker, refused, isLast) {
      if (isLast) return giveUp(asker);
      const source = sourceOf(store, asker);
      if (source === "nobody") return { ok: false, failure: unnamed };
      if (source === undefined) return replaceFixed(asker, refused);
      const other = source.replace(tokenIn(refused));
      return other === undefined ? giveUp(asker) : show(await other);
    },
    accepted(asker) {
      const source = sourceOf(store, asker);
      if (typeof source === "object") source.accepted();
      if (trouble?.by === "server" && isOwn(asker)) tell(undefined);
    },
    details: () => [describe({ trouble, problem: file.problem(), store, now: now() })],
    expose: () => counts.expose(store.perCaller?.count()),
    close: file.close,
  };
}

const scheme = "Bearer ";
const show = (had: Had): Shown =>
  had.ok
    ? { ok: true, headers: ["authorization", `${scheme}${had.value}`] }
    : { ok: false, failure: failureOf(had.why.kind, had.why.message, had.waitMs) };
const tokenIn = (headers: readonly string[]): string => (headers[1] ?? "").slice(scheme.length);

interface StoreParts extends CredentialsOptions {
  readonly tell: (trouble: Trouble | undefined) => void;
  readonly counts: ReturnType<typeof createCredentialCounts>;
}

function openStore({ material, privateHosts }: Auth, parts: StoreParts): Store {
  if (material.kind === "Fixed") return { own: undefined, perCaller: undefined, fixed: material.headers };
  const { serverUrl, tls, random, wallNow, now, tell, counts } = parts;
  const { client, proof } = material;
  const address = `${serverUrl.origin}${serverUrl.pathname}`;
  const ask = createTokenEndpoint({ client, proof, serverUrl: address, privateHosts, tls, random, wallNow, now });
  const own = createTokenSource({
    fetch: () => ask(),
    now,
    onAnswer: (failure) => {
      counts.renewed(failure === undefined);
      tell(failure === undefined ? undefined : troubleOf(failure.kind, failure.message, "issuer"));
    },
  });
  const exchange = async (assertion: string): ReturnType<typeof ask> => {
    const answer = await ask(assertion);
    counts.exchanged(answer.ok);
    return answer;
  };
  const perCaller = client.perCaller ? createCallerTokens({ exchange, now, maxCallers }) : undefined;
  return { own, perCaller, fixed: [] };
}

function describe(of: {
  readonly trouble: Trouble | undefined;
  readonly problem: string | undefined;
  readonly store: Store;
  readonly now: number;
}): HealthReport["checks"][number] {
  const { trouble, problem, store } = of;
  const seconds = Math.round(((store.own?.untilMs() ?? of.now) - of.now) / 1_000);
  const token = seconds > 0 ? `a token that ends in ${seconds} s` : "no token yet";
  const held = store.own === undefined ? "from files" : token;
  const bad = [trouble === undefined ? undefined : `${trouble.reason}: ${trouble.message}`, problem];
  const message = [...bad.filter((each) => each !== undefined), held].join("; ");
  return { name: "credentials", ok: trouble === undefined && problem === undefined, message };
}
