/** The aggregators of a run: one with the fixture alone behind it, one with other servers beside it. Each by a real sidecar. */
import { fileURLToPath } from "node:url";
import { startAggregatorProgram, type RunningAggregator } from "../fixtures/aggregator.ts";
import type { Programs } from "../fixtures/programs.ts";
import { startRealSidecar } from "../fixtures/real-sidecar.ts";

/** Endpoints of the fixture at each of them: its own path, where names are its own. */
export interface StartedAggregators {
  readonly aloneUrl: string;
  readonly amongOthersUrl: string;
  readonly close: () => Promise<void>;
}

const inModules = (path: string): string => fileURLToPath(new URL(`../../node_modules/${path}`, import.meta.url));

const others: Readonly<Record<string, readonly string[]>> = {
  files: [
    inModules("@modelcontextprotocol/server-filesystem/dist/index.js"),
    fileURLToPath(new URL(".", import.meta.url)),
  ],
  thinking: [inModules("@modelcontextprotocol/server-sequential-thinking/dist/index.js")],
};

/** Starts them in front of the fixture at `fixtureUrl`. */
export async function startAggregators(programs: Programs, fixtureUrl: string): Promise<StartedAggregators> {
  const fixture = await startRealSidecar(programs, "fixture", ["--upstream", fixtureUrl]);
  const entries: Record<string, object> = { fixture: fixture.entry() };
  const alone = await startAggregatorProgram(entries);
  for (const [name, command] of Object.entries(others)) {
    const sidecar = await startRealSidecar(programs, name, ["--", process.execPath, ...command]);
    entries[name] = sidecar.entry();
  }
  const amongOthers = await startAggregatorProgram(entries);
  await Promise.all([alone.ready(), amongOthers.ready()]);
  return {
    aloneUrl: endpointOf(alone),
    amongOthersUrl: endpointOf(amongOthers),
    close: async () => {
      await Promise.all([alone.close(), amongOthers.close()]);
    },
  };
}

/** The suites ask for a name that a browser could be led astray with. */
function endpointOf({ url }: RunningAggregator): string {
  return new URL("/mcp/s/local/fixture", url.replace("127.0.0.1", "localhost")).href;
}
