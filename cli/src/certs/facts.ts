/** What is known of the webhook's certificates before it is judged: plain data, read in cluster/. Times in Unix epoch ms. */
import type { AuthorityPhase } from "@outrigger/certs/facts";
import type { LeaseFacts, ProgramFacts, Release } from "../check/facts.ts";
import type { Look } from "../check/look.ts";

/** One entry of a webhook configuration. `trusted`: certificates as PEM, in their order. */
export interface EntryTrust {
  readonly name: string;
  readonly trusted: readonly string[];
}

/** A webhook configuration of the installation. `source`: who says there whom API servers trust, as the chart wrote it. */
export interface ConfigurationFacts {
  readonly kind: string;
  readonly name: string;
  readonly source: string | undefined;
  /** Under which name API servers ask the webhook: `SERVICE.NAMESPACE.svc`. */
  readonly host: string;
  readonly entries: readonly EntryTrust[];
}

/** A replica of the webhook. `served`: the chain that it shows, leaf first, each as PEM. */
export interface ReplicaFacts {
  readonly pod: string;
  readonly served: Look<readonly string[]>;
}

/** What the authority's Secret says outside of its data. */
export interface PhaseFacts {
  readonly phase: AuthorityPhase | undefined;
  readonly sinceMs: number | undefined;
}

/** Everything. `phase` undefined: there is no authority of the installation's own. */
export interface CertsFacts {
  /** The API server's clock. */
  readonly nowMs: number;
  readonly release: Release;
  readonly programs: Look<readonly ProgramFacts[]>;
  readonly configurations: Look<readonly ConfigurationFacts[]>;
  readonly replicas: Look<readonly ReplicaFacts[]>;
  readonly phase: Look<PhaseFacts> | undefined;
  readonly lease: Look<LeaseFacts> | undefined;
}
