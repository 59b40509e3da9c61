/**
 * What is known to come out otherwise through the aggregator than directly, and why that is meant. Decides which losses are news, and which
 * entries are stale. Pure.
 */
import type { Row } from "./compare.ts";

/** Why a loss is meant, by the row's version and the name of the loss without what stands in brackets behind it. */
export type Expected = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** A reason with this in front is of what comes out either way, as the timing has it: it is neither news nor stale. */
const eitherWay = "Either way: ";

/** What of the rows is not as expected; both as `version: name`. */
export interface Unexpected {
  /** Lost, and nobody said so. */
  readonly lost: readonly string[];
  /** Said to be lost, and not lost (any more). */
  readonly stale: readonly string[];
}

const takenForResumption =
  "the sidecar listens to its server beside the call, and the suite may take the beginning of that for the resumption.";

/** The aggregator's. */
export const expectedOfAggregator: Expected = {
  "2025-11-25": {
    "server-sse-polling:server-sse-disconnect-resume":
      "A server that closes the stream of a call is asked for the answer by the aggregator itself, and the client's stream stays open: there is nothing to resume.",
  },
  "2025-11-25 client": {
    "sse-retry:client-sse-last-event-id": `${eitherWay}${takenForResumption}`,
    "sse-retry:client-sse-retry-timing": `${eitherWay}${takenForResumption}`,
  },
  "2026-07-28 client": {
    "request-metadata:sep-2575-client-declares-elicitation-capability":
      "The lists of a server are read by its sidecar, which can be asked nothing and says so; what a caller declares goes with its calls.",
  },
};

/** Compares. */
export function findUnexpected(rows: readonly Row[], expected: Expected): Unexpected {
  const lost = rows.flatMap(({ version, lost: names }) =>
    names.filter((name) => expected[version]?.[nameOf(name)] === undefined).map((name) => `${version}: ${name}`),
  );
  const stale = Object.entries(expected).flatMap(([version, names]) => {
    const now = rows.find((row) => row.version === version)?.lost.map(nameOf) ?? [];
    return Object.entries(names).flatMap(([name, why]) =>
      now.includes(name) || why.startsWith(eitherWay) ? [] : [`${version}: ${name}`],
    );
  });
  return { lost, stale };
}

const nameOf = (loss: string): string => loss.replace(/ \([^)]*\)$/, "");
