/** How commands get to a cluster: by the user's kubeconfig, with the options of the same names as kubectl's, and what is said where it fails. */
import { openCluster, type Cluster } from "../check/cluster/cluster.ts";
import type { ClusterChoice } from "../check/cluster/kubectl.ts";
import { readEndpoint, type Endpoint } from "../endpoint.ts";
import type { Io } from "../io.ts";
import { reportProblem } from "../output/problem.ts";

const next = "check --kubeconfig, --context and KUBECONFIG";

/** The exit code of a process that a signal ends. */
const interrupted = 130;

/** The choice alone, of all options. */
export function toChoice({ kubeconfig, context }: ClusterChoice): ClusterChoice {
  return { ...(kubeconfig === undefined ? {} : { kubeconfig }), ...(context === undefined ? {} : { context }) };
}

/** Opens the way to the API server; undefined where the kubeconfig can't be used, which is reported here. */
export async function openUserCluster(io: Io, choice: ClusterChoice): Promise<Cluster | undefined> {
  try {
    return await openCluster(toChoice(choice), io.host.tempFolder);
  } catch (error) {
    const details = [error instanceof Error ? error.message : String(error)];
    reportProblem(io, { code: "OUTRIGGER_ERR_USAGE", what: "The kubeconfig can't be used.", details, next });
    return undefined;
  }
}

/** Has a way that was opened end with the process: a port that is forwarded must not outlive us. */
export function endWithProcess({ host }: Io, close: () => void): void {
  host.onExit(close);
  host.onSignal(() => host.exit(interrupted));
}

/** The endpoint that the user names, undefined where none is; these commands have a better default than this machine. */
export function pickGivenEndpoint(io: Io, flag: string | undefined): Endpoint | undefined | "wrong" {
  if (flag === undefined && (io.env["OUTRIGGER_ENDPOINT"] ?? "") === "") return undefined;
  const read = readEndpoint(flag, io.env);
  if (read.ok) return read.endpoint;
  reportProblem(io, { code: "OUTRIGGER_ERR_USAGE", what: read.expected });
  return "wrong";
}

/** In a pod of the cluster that is looked at, Services are reached by their names. */
export function isInside({ env }: Io, { kubeconfig, context }: ClusterChoice): boolean {
  const isElsewhere = kubeconfig !== undefined || context !== undefined || (env["KUBECONFIG"] ?? "") !== "";
  return !isElsewhere && (env["KUBERNETES_SERVICE_HOST"] ?? "") !== "";
}

/** Reports that the API server does not answer, or refuses the user. */
export function reportNoServer(
  io: Io,
  address: string,
  { status, why }: { readonly status?: number; readonly why: string },
): void {
  if (status === 401 || status === 403) {
    const login = "log in again, or check the user of the kubeconfig's context";
    reportProblem(io, { code: "OUTRIGGER_ERR_REFUSED", what: `${address} refuses you (${why}).`, next: login });
    return;
  }
  const what = `No API server answers: ${why.includes(address) ? why : `${address}: ${why}`}.`;
  reportProblem(io, { code: "OUTRIGGER_ERR_ENDPOINT_UNREACHABLE", what, next });
}
