/** `outrigger check`: is the installation in the cluster well, and what is to be done where it is not? */
import { Command, InvalidArgumentError } from "commander";
import { check } from "../check/check.ts";
import type { Cluster } from "../check/cluster/cluster.ts";
import { tally, toExitCode } from "../check/finding.ts";
import type { Endpoint } from "../endpoint.ts";
import type { Io } from "../io.ts";
import { formatCheckJson } from "../output/check-json.ts";
import { formatCheck } from "../output/check-text.ts";
import { reportProblem } from "../output/problem.ts";
import { readVersion } from "../version.ts";
import {
  addCredentialOptions,
  pickCredentials,
  type CredentialChoice,
  type Credentials,
} from "./credential-options.ts";
import {
  endWithProcess,
  isInside,
  openUserCluster,
  pickGivenEndpoint,
  reportNoServer,
  toChoice,
} from "./cluster-access.ts";

interface CheckFlags extends CredentialChoice {
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly namespace?: string;
  readonly namespaces?: readonly string[];
  readonly endpoint?: string;
  readonly deep?: true;
  readonly json?: true;
}

const examples = `
Examples:
  outrigger check                                  look at everything, say what to do
  outrigger check --deep                           and be a client: list, search, read details, filter
  outrigger check --namespaces tools,search        with rights in these namespaces only
  outrigger check --json | jq '.findings[] | select(.level == "problem")'

Exit codes: 0 all is well, 1 something is wrong or could not be looked at, 2 wrong usage, 4 refused, 5 the API server can't be reached.`;

/** Builds the command. */
export function createCheckCommand(io: Io): Command {
  const command = new Command("check")
    .option("--kubeconfig <file>", "default: as kubectl finds it")
    .option("--context <name>", "a context of the kubeconfig; needs kubectl")
    .option("-n, --namespace <name>", "the installation's; default: found by its labels")
    .option("--namespaces <names>", "look at servers in these only, and at nothing of the whole cluster", readNames)
    .option("--deep", "connect as a client, list, search, read details, filter, ask for what policy hides")
    .option("--endpoint <url>", "the aggregator; default: OUTRIGGER_ENDPOINT, else a port that kubectl forwards");
  return addCredentialOptions(command)
    .option("--json", "print one JSON document")
    .addHelpText("after", examples)
    .action((flags: CheckFlags) => runCheck(io, flags));
}

function readNames(text: string): readonly string[] {
  const names = text.split(",").map((name) => name.trim());
  if (names.some((name) => !/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(name)))
    throw new InvalidArgumentError("Expected names of namespaces, such as tools,search.");
  return names;
}

async function runCheck(io: Io, flags: CheckFlags): Promise<void> {
  const endpoint = pickGivenEndpoint(io, flags.endpoint);
  if (endpoint === "wrong") return;
  const credentials = pickCredentials(io, flags);
  if (credentials === undefined) return;
  const cluster = await openUserCluster(io, flags);
  if (cluster === undefined) return;
  try {
    await runOn(io, cluster, { flags, endpoint, credentials });
  } finally {
    await cluster.close();
  }
}

interface Running {
  readonly flags: CheckFlags;
  readonly endpoint: Endpoint | undefined;
  readonly credentials: Credentials;
}

async function runOn(io: Io, cluster: Cluster, { flags, endpoint, credentials }: Running): Promise<void> {
  const server = await cluster.version();
  if (!server.ok) {
    reportNoServer(io, cluster.address, server);
    return;
  }
  const { namespace, namespaces } = flags;
  const checked = await check({
    cluster,
    choice: toChoice(flags),
    server: server.value,
    namespace,
    namespaces,
    endpoint,
    credentials,
    isInside: isInside(io, flags),
    isDeep: flags.deep === true,
    clientVersion: readVersion(),
    onOpen: (close) => endWithProcess(io, close),
  });
  if (!checked.ok) {
    const what = `There are installations in ${checked.namespaces.join(", ")}.`;
    reportProblem(io, {
      code: "OUTRIGGER_ERR_USAGE",
      what,
      next: `outrigger check --namespace ${checked.namespaces[0] ?? ""}`,
    });
    return;
  }
  const head = { address: cluster.address, release: checked.release };
  io.out.write(
    flags.json === true
      ? formatCheckJson(head, checked.findings)
      : formatCheck(head, checked.findings, { paint: io.out.paint, columns: io.out.columns() }),
  );
  io.setExitCode(toExitCode(tally(checked.findings)));
}
