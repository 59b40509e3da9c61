/** What each verb of `npm run cluster` does. Every verb gives the exit code: 0 done, 1 failed, 2 wrong use. */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type { Choice } from "./choose-provider.ts";
import type { Progress } from "./progress.ts";
import type { ClusterProvider } from "./provider.ts";
import { formatStatus } from "./status-report.ts";

/** Where a verb writes to and whom it asks. Results go to `print`; progress has its own place. */
export interface CommandContext {
  readonly choose: () => Promise<Choice>;
  readonly progress: Progress;
  readonly print: (text: string) => void;
  readonly printError: (text: string) => void;
}

type Verb = (provider: ClusterProvider, args: readonly string[], context: CommandContext) => Promise<number>;

/** How the command is used. */
const usage = `npm run cluster -- VERB

  up               starts a cluster, or says that it runs; prints KUBECONFIG
  down             ends it and leaves nothing behind
  status           versions, what enforces NetworkPolicy, memory, processes
  kubeconfig       prints the path of the administrator's kubeconfig
  import TAR...    makes image archives known to every node
  node CMD...      runs a command on the node, such as: node iptables-save

Which cluster: OUTRIGGER_CLUSTER_PROVIDER=existing|local|k3s, else the first that fits. More in test/cluster/README.md.`;

const verbs: Readonly<Record<string, { readonly run: Verb; readonly takes: "nothing" | "words" }>> = {
  up: { run: up, takes: "nothing" },
  down: { run: down, takes: "nothing" },
  status: { run: status, takes: "nothing" },
  kubeconfig: { run: kubeconfig, takes: "nothing" },
  import: { run: importImages, takes: "words" },
  node: { run: node, takes: "words" },
};

/** Runs one command line, without the program's name. */
export async function runCommand(argv: readonly string[], context: CommandContext): Promise<number> {
  const [name = "", ...args] = argv;
  const verb = Object.hasOwn(verbs, name) ? verbs[name] : undefined;
  if (["help", "--help", "-h"].includes(name)) {
    context.print(usage);
    return 0;
  }
  if (verb === undefined || args.length > 0 !== (verb.takes === "words")) {
    context.printError(usage);
    return 2;
  }
  const choice = await context.choose();
  if (choice.ok) return verb.run(choice.provider, args, context);
  context.printError(`no cluster can be used here:\n  ${choice.reasons.join("\n  ")}`);
  return 1;
}

async function up(provider: ClusterProvider, _args: readonly string[], context: CommandContext): Promise<number> {
  const startedMs = performance.now();
  if (await provider.isUp()) context.progress.note(`${provider.name}: running already`);
  else {
    context.progress.note(`${provider.name}: starting`);
    await provider.up(context.progress);
    context.progress.note(`${provider.name}: up after ${((performance.now() - startedMs) / 1_000).toFixed(1)} s`);
  }
  context.print(`export KUBECONFIG=${provider.kubeconfig}`);
  return 0;
}

async function down(provider: ClusterProvider, _args: readonly string[], context: CommandContext): Promise<number> {
  context.progress.note(`${provider.name}: ending`);
  await provider.down(context.progress);
  return 0;
}

async function status(provider: ClusterProvider, _args: readonly string[], context: CommandContext): Promise<number> {
  context.print(formatStatus(provider, await provider.readStatus()));
  return 0;
}

async function kubeconfig(
  provider: ClusterProvider,
  _args: readonly string[],
  context: CommandContext,
): Promise<number> {
  if (!(await provider.isUp())) {
    context.printError(`${provider.name}: no cluster is up; npm run cluster -- up`);
    return 1;
  }
  context.print(provider.kubeconfig);
  return 0;
}

async function importImages(
  provider: ClusterProvider,
  args: readonly string[],
  context: CommandContext,
): Promise<number> {
  const tars = args.map((tar) => resolve(tar));
  const missing = tars.filter((tar) => !existsSync(tar));
  if (missing.length > 0) {
    context.printError(`no such file: ${missing.join(", ")}`);
    return 1;
  }
  await context.progress.step(`${tars.length} imported`, () => provider.loadImages(tars));
  return 0;
}

function node(provider: ClusterProvider, args: readonly string[]): Promise<number> {
  return provider.runOnNode(args);
}
