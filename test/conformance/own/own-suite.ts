/** The scenarios of this project for revisions that the official suites have next to none for, with the results in their form. */
import type { Check, SuiteResults } from "../results.ts";
import { clientScenarios } from "./client-scenarios.ts";
import { connectPinnedV1, connectPinnedV2, type Pin, type PinnedClient } from "./pinned-clients.ts";
import { batchScenarios, olderScenarios, type RawScenario } from "./raw-scenarios.ts";

/** The revisions with scenarios here. */
export type OwnRevision = "2024-11-05" | "2025-03-26";

const generations: Readonly<Record<string, (pin: Pin) => Promise<PinnedClient>>> = {
  "sdk-v1": connectPinnedV1,
  "sdk-v2": connectPinnedV2,
};
const rawOf: Readonly<Record<OwnRevision, Readonly<Record<string, RawScenario>>>> = {
  "2024-11-05": olderScenarios,
  "2025-03-26": batchScenarios,
};

/** A scenario as it is run against one endpoint. */
type Run = (pin: Pin) => Promise<void>;

/** Returns the names of a revision's scenarios in their order. */
export const listOwn = (revision: OwnRevision): string[] => [...collect(revision).keys()];

/** Runs a revision's scenarios one after another, each with a client of its own. `onFailure` gets why one failed. */
export async function runOwn(
  revision: OwnRevision,
  url: string,
  onFailure: (line: string) => void,
): Promise<SuiteResults> {
  const pin: Pin = { url: new URL(url), revision, transport: revision === "2024-11-05" ? "sse" : "streamable-http" };
  const results = new Map<string, Check[]>();
  for (const [name, run] of collect(revision)) {
    const failure = await run(pin).then(
      () => undefined,
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    );
    if (failure !== undefined) onFailure(`${name} at ${url}: ${failure}`);
    results.set(name, [{ id: name, status: failure === undefined ? "SUCCESS" : "FAILURE" }]);
  }
  return results;
}

function collect(revision: OwnRevision): Map<string, Run> {
  const byClient = Object.entries(generations).flatMap(([generation, connect]): [string, Run][] => [
    [`${generation}-revision`, (pin) => withClient(connect, pin, (client) => expectRevision(client, revision))],
    ...Object.entries(clientScenarios).map(([name, scenario]): [string, Run] => [
      `${generation}-${name}`,
      (pin) => withClient(connect, pin, scenario),
    ]),
  ]);
  const raw = Object.entries(rawOf[revision]).map(([name, scenario]): [string, Run] => [
    `raw-${name}`,
    ({ url }) => scenario(url),
  ]);
  return new Map([...byClient, ...raw]);
}

async function withClient(
  connect: (pin: Pin) => Promise<PinnedClient>,
  pin: Pin,
  scenario: (client: PinnedClient) => Promise<void>,
): Promise<void> {
  const client = await connect(pin);
  try {
    await scenario(client);
  } finally {
    await client.close();
  }
}

function expectRevision(client: PinnedClient, revision: string): Promise<void> {
  if (client.revision === revision) return Promise.resolve();
  return Promise.reject(new Error(`agreed on ${String(client.revision)}`));
}
