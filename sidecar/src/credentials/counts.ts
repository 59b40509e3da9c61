/** Counts what became of credentials, as Prometheus text. */
import { counter, gauge } from "../telemetry/exposition.ts";

const results = ["ok", "failed"] as const;
type Counts = Record<(typeof results)[number], number>;

/** The counts, at zero. */
export function createCredentialCounts() {
  const own: Counts = { ok: 0, failed: 0 };
  const callers: Counts = { ok: 0, failed: 0 };
  let refusals = 0;
  const nameOf = (isOk: boolean): keyof Counts => (isOk ? "ok" : "failed");
  return {
    renewed: (isOk: boolean): number => own[nameOf(isOk)]++,
    exchanged: (isOk: boolean): number => callers[nameOf(isOk)]++,
    refused: (): number => refusals++,
    /** The lines. `kept`: callers whose tokens are kept; undefined where none are. */
    expose: (kept: number | undefined): string =>
      counter(
        "sidecar_credentials_tokens_total",
        "Tokens that were asked for, by whom they are for and whether they were given.",
        Object.entries({ sidecar: own, caller: callers }).flatMap(([whose, of]) =>
          results.map((result) => [`for="${whose}",result="${result}"`, of[result]] as const),
        ),
      ) +
      counter("sidecar_credentials_refused_total", "Calls whose credentials the server refused.", [["", refusals]]) +
      gauge("sidecar_credentials_callers", "Callers whose tokens are kept.", [["", kept ?? 0]]),
  };
}
