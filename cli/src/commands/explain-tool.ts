/** `outrigger explain tool NAME`: why a tool is hidden, refused or ranked where it is, for a caller that the options describe. */
import { programErrors } from "@outrigger/api/errors";
import type { Engines } from "@outrigger/policy";
import { compileCondition } from "@outrigger/policy/conditions";
import type { Command } from "commander";
import type { Cluster } from "../check/cluster/cluster.ts";
import { findReleases } from "../check/cluster/find-release.ts";
import { createReach } from "../check/cluster/reach.ts";
import { mapLook, type Look } from "../check/look.ts";
import { parseText } from "../config/document.ts";
import type { Endpoint } from "../endpoint.ts";
import { pickDefined } from "../explain/defined.ts";
import { askAggregator, type CatalogueSight } from "../explain/tool/ask-aggregator.ts";
import { explainTool, type PolicySource, type ToolSources } from "../explain/tool/explain-tool.ts";
import { readPodLayers, readPolicyFile } from "../explain/tool/layers.ts";
import { readToolName, type ToolName } from "../explain/tool/name.ts";
import { readCaller } from "../explain/tool/read-caller.ts";
import { readServerPod, type ServerPod } from "../explain/tool/read-server-pod.ts";
import type { ToolExplanation, ToolOutcome } from "../explain/tool/tool-explanation.ts";
import type { Io } from "../io.ts";
import { formatToolExplanation, formatToolJson } from "../output/explain-tool-text.ts";
import { reportProblem } from "../output/problem.ts";
import {
  endWithProcess,
  isInside,
  openUserCluster,
  pickGivenEndpoint,
  reportNoServer,
  toChoice,
} from "./cluster-access.ts";
import type { ClusterFlags } from "./explain-object.ts";
import { createPairOption, readFile } from "./manifest-options.ts";

/** Options of it alone. */
export interface ToolFlags {
  readonly server?: string;
  readonly policy?: string;
  readonly definition?: string;
  readonly arguments?: string;
  readonly caller?: string;
  readonly group?: readonly string[];
  readonly claim: Readonly<Record<string, string>>;
  readonly query?: string;
  readonly endpoint?: string;
}

interface Flags extends ToolFlags, ClusterFlags {
  readonly namespace?: string;
  readonly json?: true;
}

/** Adds the options. */
export function addToolOptions(command: Command): Command {
  const collect = (text: string, earlier: readonly string[] = []): readonly string[] => [...earlier, text];
  return command
    .option(
      "--server <name>",
      "tool: its server, as NAME or NAMESPACE/NAME; then the server's own name for the tool will do",
    )
    .option("--policy <file>", "tool: judge by this policy file instead of asking anybody")
    .option("--definition <file>", "tool: its definition as JSON, for rules about hints")
    .option("--arguments <json>", "tool: judge a call with these arguments")
    .option(
      "--caller <who>",
      "tool: user:NAME, serviceaccount:NAMESPACE/NAME or anonymous; default: nobody vouches for the caller",
    )
    .option("--group <name>", "tool: a group of the caller; may be repeated", collect)
    .addOption(createPairOption("--claim <key=value>", "tool: a claim of the caller; may be repeated"))
    .option("--query <words>", "tool: where it ranks for these words, and why")
    .option("--endpoint <url>", "tool: the aggregator; then no cluster is asked, unless one is named");
}

const exitCodes: Readonly<Record<ToolOutcome, number>> = {
  listed: 0,
  hidden: programErrors.OUTRIGGER_ERR_REFUSED.exitCode,
  refused: programErrors.OUTRIGGER_ERR_REFUSED.exitCode,
  missing: programErrors.OUTRIGGER_ERR_TOOL_UNKNOWN.exitCode,
  unknown: programErrors.OUTRIGGER_ERR_ENDPOINT_UNREACHABLE.exitCode,
};

const engines: Engines = {
  compileCondition: (expression) => {
    const compiled = compileCondition(expression);
    return compiled.ok ? compiled.condition : undefined;
  },
  // The sidecar checks against the definition that it has approved; a note says that it is not done here.
  checkSchema: () => [],
};

/** Runs it. */
export async function runExplainTool(io: Io, given: string, flags: Flags): Promise<void> {
  const asked = readAsked(io, given, flags);
  const endpoint = pickGivenEndpoint(io, flags.endpoint);
  if (asked === undefined || endpoint === "wrong") return;
  const explanation = await gather(io, { asked, flags, endpoint });
  if (explanation === undefined) return;
  const { paint, columns } = io.out;
  io.out.write(
    flags.json === true
      ? formatToolJson(explanation)
      : formatToolExplanation(explanation, { paint, columns: columns() }),
  );
  io.setExitCode(exitCodes[explanation.outcome]);
}

type Asked = Pick<ToolSources, "name" | "caller" | "args" | "definition">;

interface Gathering {
  readonly asked: Asked;
  readonly flags: Flags;
  readonly endpoint: Endpoint | undefined;
}

async function gather(io: Io, gathering: Gathering): Promise<ToolExplanation | undefined> {
  const { asked, flags, endpoint } = gathering;
  const tell = (read: Pick<ToolSources, "policy" | "sight">): ToolExplanation =>
    explainTool({ ...asked, engines, ...read });
  if (flags.policy !== undefined) {
    const policy = readPolicy(io, flags.policy);
    if (policy === undefined) return undefined;
    return tell({ policy: { ok: true, value: policy }, sight: await askNamed(gathering) });
  }
  const isClusterNamed = (flags.kubeconfig ?? flags.context ?? flags.installation) !== undefined;
  if (endpoint !== undefined && !isClusterNamed)
    return tell({ policy: undefined, sight: await askAggregator(endpoint, asked.name, flags.query) });
  const cluster = await openUserCluster(io, flags);
  if (cluster === undefined) return undefined;
  try {
    const version = await cluster.version();
    if (version.ok) return tell(await lookAtCluster(io, cluster, gathering));
    reportNoServer(io, cluster.address, version);
    return undefined;
  } finally {
    await cluster.close();
  }
}

/** Beside a policy file only the option counts: a variable that is set for other commands asks nobody. */
async function askNamed({ asked, flags, endpoint }: Gathering): Promise<Look<CatalogueSight> | undefined> {
  if (endpoint === undefined || flags.endpoint === undefined) return undefined;
  return askAggregator(endpoint, asked.name, flags.query);
}

async function lookAtCluster(
  io: Io,
  cluster: Cluster,
  { asked: { name }, flags, endpoint }: Gathering,
): Promise<Pick<ToolSources, "policy" | "sight">> {
  const sight = await askInstallation(io, cluster, { name, flags, endpoint });
  const { namespace = flags.namespace, server }: ToolPlace = (sight.ok ? sight.value.tool : undefined) ?? name;
  if (namespace === undefined || server === undefined)
    return {
      sight,
      policy: { ok: false, why: "the name does not say whose tool it is; --server NAMESPACE/NAME does" },
    };
  const pod = await readServerPod(cluster, { namespace, server });
  return { sight, policy: mapLook(pod, (found) => readSource(found, { namespace, name: server })) };
}

interface ToolPlace {
  readonly namespace?: string;
  readonly server?: string;
}

function readSource(
  found: ServerPod | undefined,
  server: { readonly namespace: string; readonly name: string },
): PolicySource | undefined {
  if (found === undefined) return undefined;
  return { of: `pod ${found.name} in namespace ${server.namespace}`, layers: readPodLayers(found.pod, server) };
}

/** The aggregator of the installation, through a port that kubectl forwards unless the user names a way. */
async function askInstallation(
  io: Io,
  cluster: Cluster,
  {
    name,
    flags,
    endpoint,
  }: { readonly name: ToolName; readonly flags: Flags; readonly endpoint: Endpoint | undefined },
): Promise<Look<CatalogueSight>> {
  if (endpoint !== undefined) return askAggregator(endpoint, name, flags.query);
  const releases = await findReleases(cluster, flags.installation);
  if (!releases.ok) return releases;
  const [release] = releases.value;
  if (release === undefined) return { ok: false, why: "there is no installation of Outrigger here" };
  const reach = createReach({
    cluster,
    choice: toChoice(flags),
    release,
    isInside: isInside(io, flags),
    endpoint: undefined,
  });
  endWithProcess(io, () => reach.close());
  try {
    const way = await reach.aggregator();
    return way.ok ? await askAggregator(way.value, name, flags.query) : way;
  } finally {
    reach.close();
  }
}

function readAsked(io: Io, given: string, flags: Flags): Asked | undefined {
  const caller = readCaller(flags);
  const args = parseJson(flags.arguments);
  const problem = caller.ok ? findProblem(flags, args) : caller.expected;
  if (!caller.ok || problem !== undefined) {
    reportProblem(io, { code: "OUTRIGGER_ERR_USAGE", what: `${problem ?? ""}.` });
    return undefined;
  }
  const definition = readDefinition(io, flags.definition);
  if (definition === "wrong") return undefined;
  return { name: readName(given, flags), caller: caller.caller, ...pickDefined({ args, definition }) };
}

/** A policy file is a server's own, which knows its tools by their own names. */
function readName(given: string, flags: Flags): ToolName {
  const name = readToolName(given, flags);
  return flags.policy === undefined || flags.server !== undefined ? name : { given, tool: given };
}

function findProblem(flags: Flags, args: { readonly value: unknown } | undefined): string | undefined {
  if (flags.arguments !== undefined && !isRecord(args?.value)) return "--arguments: expected a JSON object";
  const isRanked = flags.policy === undefined || flags.endpoint !== undefined;
  if (flags.query !== undefined && !isRanked)
    return "--query: expected --endpoint beside --policy, since an aggregator ranks";
  return undefined;
}

function parseJson(text: string | undefined): { readonly value: unknown } | undefined {
  try {
    return text === undefined ? undefined : { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

const isRecord = (value: unknown): boolean => typeof value === "object" && value !== null && !Array.isArray(value);

function readDefinition(io: Io, file: string | undefined): unknown {
  const text = file === undefined ? undefined : readFile(io, file);
  if (file === undefined) return undefined;
  const parsed = parseJson(text);
  if (isRecord(parsed?.value)) return parsed?.value;
  if (text !== undefined)
    reportProblem(io, { code: "OUTRIGGER_ERR_USAGE", what: `${file}: expected a tool's definition, a JSON object.` });
  return "wrong";
}

function readPolicy(io: Io, file: string): PolicySource | undefined {
  const text = readFile(io, file);
  if (text === undefined) return undefined;
  const parsed = parseText(text);
  const read = parsed.ok ? readPolicyFile(parsed.parsed.value, file) : undefined;
  if (read?.ok === true) return { of: file, layers: { layers: read.layers } };
  const problems = parsed.ok
    ? (read?.problems ?? []).map(({ path, expected }) => ({
        line: parsed.parsed.lineOf(path),
        message: `${path.join(".") || "the document"}: expected ${expected}`,
      }))
    : parsed.problems;
  const details = problems.map(({ line, message }) => `${file}: line ${line}: ${message}`);
  reportProblem(io, { code: "OUTRIGGER_ERR_POLICY_INVALID", details });
  return undefined;
}
