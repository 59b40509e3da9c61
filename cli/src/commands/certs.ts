/** `outrigger certs status`: whom API servers trust for the webhook, what its replicas show, and where a rotation stands. */
import { Command } from "commander";
import { observeCerts } from "../certs/cluster/observe.ts";
import { judgeCerts } from "../certs/judge.ts";
import { sumUp } from "../certs/status.ts";
import type { Cluster } from "../check/cluster/cluster.ts";
import { findReleases } from "../check/cluster/find-release.ts";
import type { Release } from "../check/facts.ts";
import { tally, toExitCode } from "../check/finding.ts";
import type { Io } from "../io.ts";
import { formatCertsJson } from "../output/certs-json.ts";
import { formatCerts, type CertsReport } from "../output/certs-text.ts";
import { reportProblem } from "../output/problem.ts";
import { endWithProcess, isInside, openUserCluster, reportNoServer, toChoice } from "./cluster-access.ts";

interface CertsFlags {
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly namespace?: string;
  readonly json?: true;
}

const examples = `
Examples:
  outrigger certs status                    whom API servers trust, what is served, what is due
  outrigger certs status --json | jq '.replicas[] | {pod, accepted}'

No private key is read: of the authority's Secret only its annotations.
Exit codes: 0 API servers take what is served, 1 they refuse it or it could not be looked at, 2 wrong usage, 3 no installation,
4 refused, 5 the API server can't be reached.`;

/** Builds the command. */
export function createCertsCommand(io: Io): Command {
  const status = new Command("status")
    .description("say whom API servers trust for the webhook, what its replicas show, and where a rotation stands")
    .option("--kubeconfig <file>", "default: as kubectl finds it")
    .option("--context <name>", "a context of the kubeconfig; needs kubectl")
    .option("-n, --namespace <name>", "the installation's; default: found by its labels")
    .option("--json", "print one JSON document")
    .addHelpText("after", examples)
    .action((flags: CertsFlags) => runStatus(io, flags));
  return new Command("certs").addCommand(status).addHelpText("after", examples);
}

async function runStatus(io: Io, flags: CertsFlags): Promise<void> {
  const cluster = await openUserCluster(io, flags);
  if (cluster === undefined) return;
  try {
    await runOn(io, cluster, flags);
  } finally {
    await cluster.close();
  }
}

async function runOn(io: Io, cluster: Cluster, flags: CertsFlags): Promise<void> {
  const server = await cluster.version();
  if (!server.ok) {
    reportNoServer(io, cluster.address, server);
    return;
  }
  const release = await findOnly(io, cluster, flags);
  if (release === undefined) return;
  const closers: (() => void)[] = [];
  endWithProcess(io, () => closers.forEach((close) => close()));
  const { nowMs } = server.value;
  const place = { cluster, choice: toChoice(flags), release, isInside: isInside(io, flags) };
  const facts = await observeCerts({ ...place, nowMs, onStart: (close) => void closers.push(close) });
  const status = sumUp(facts);
  const findings = judgeCerts(facts, status);
  const report: CertsReport = {
    ...{ address: cluster.address, release, nowMs, status, findings },
    lease: facts.lease?.ok === true ? facts.lease.value : undefined,
    phaseUnknown: facts.phase?.ok === false ? facts.phase.why : undefined,
  };
  const { paint, columns } = io.out;
  io.out.write(flags.json === true ? formatCertsJson(report) : formatCerts(report, { paint, columns: columns() }));
  io.setExitCode(toExitCode(tally(findings)));
}

/** The one installation; undefined where there is none or several, which is reported here. */
async function findOnly(io: Io, cluster: Cluster, { namespace }: CertsFlags): Promise<Release | undefined> {
  const found = await findReleases(cluster, namespace);
  if (!found.ok) {
    reportProblem(io, { code: "OUTRIGGER_ERR_REFUSED", what: `The installation can't be looked for: ${found.why}.` });
    return undefined;
  }
  const [release, ...more] = found.value;
  if (release !== undefined && more.length === 0) return release;
  const names = found.value.map((each) => each.namespace);
  if (release === undefined)
    reportProblem(io, {
      code: "OUTRIGGER_ERR_OBJECT_UNKNOWN",
      what: "There is no installation of Outrigger.",
      next: "outrigger check",
    });
  else
    reportProblem(io, {
      code: "OUTRIGGER_ERR_USAGE",
      what: `There are installations in ${names.join(", ")}.`,
      next: `outrigger certs status --namespace ${release.namespace}`,
    });
  return undefined;
}
