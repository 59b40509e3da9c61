/** Everything that the tour plays on: folder, servers, the running command, two clients. Torn down in reverse order. */
import { connectLegacy, connectModern, type ToolClient } from "./clients.ts";
import { writeDemoConfig } from "./config.ts";
import { createDemoFolder, type DemoFolder } from "./folder.ts";
import { startContext7, startEverything, type DemoEnvironment } from "./http-servers.ts";
import { repositoryEnvironment } from "./root.ts";
import { startOutrigger, type Outrigger } from "./outrigger.ts";

/** The stage. `base` is the endpoint without `/mcp`. */
export interface Stage {
  readonly folder: DemoFolder;
  readonly config: string;
  readonly env: DemoEnvironment;
  readonly outrigger: Outrigger;
  readonly base: string;
  readonly modern: ToolClient;
  readonly legacy: ToolClient;
}

/** Takes the stage down; each part goes, whatever happened to the others. */
export type TearDown = () => Promise<void> | void;

/** Sets the stage. `onPart` hands out what has to be taken down as soon as it exists, so that a failure half way leaves nothing. */
export async function setStage(options: {
  readonly port: number;
  readonly progress: (word: string) => void;
  readonly onPart: (tearDown: TearDown) => void;
}): Promise<Stage> {
  const { progress, onPart } = options;
  const env = repositoryEnvironment();
  const folder = createDemoFolder();
  onPart(folder.remove);
  progress("two servers that speak HTTP start");
  const [everything, docs] = await Promise.all([startEverything(env, onPart), startContext7(env, onPart)]);
  const config = writeDemoConfig(folder, { everything: everything.url, docs: docs.url });
  progress("outrigger up starts");
  const settled = new Set<string>();
  const outrigger = await startOutrigger({
    ...{ config, env, port: options.port },
    onServer: (name, { state }) => {
      if (state === "ready") settled.add(name);
      progress(`ready: ${[...settled].join(", ")}`);
    },
    onStarted: (stop) =>
      onPart(async () => {
        await stop();
      }),
  });
  progress("clients connect");
  const modern = await connectModern(outrigger.mcpUrl);
  onPart(modern.close);
  const legacy = await connectLegacy(outrigger.mcpUrl);
  onPart(legacy.close);
  return { folder, config, env, outrigger, base: outrigger.mcpUrl.replace(/\/mcp$/, ""), modern, legacy };
}
