/** `outrigger connect`: the endpoint of an installation in a cluster, at a port of this machine, for as long as it runs. */
import { parsePort } from "@outrigger/api/values";
import { Command, InvalidArgumentError, Option } from "commander";
import { openAccess, type openCluster } from "../check/cluster/cluster.ts";
import type { ClusterChoice } from "../check/cluster/kubectl.ts";
import { kinds } from "../check/cluster/resources.ts";
import { pickService, readService, serviceSelector, type FoundService } from "../connect/find-service.ts";
import { openTunnel, type Tunnel } from "../connect/tunnel.ts";
import type { Io } from "../io.ts";
import { createConnectReport } from "../output/connect-report.ts";
import { reportProblem } from "../output/problem.ts";
import { openUserCluster, reportNoServer, toChoice } from "./cluster-access.ts";

interface ConnectOptions extends ClusterChoice {
  readonly namespace?: string;
  readonly port: number;
  readonly json?: true;
  readonly printUrl?: true;
}

const defaultPort = 9_900;
/** How long a connection waits for a pod, in ms. */
const waitMs = 30_000;

const examples = `
It finds the aggregator's Service, forwards through the API server as kubectl port-forward does, and goes on when a pod is replaced or
the API server is away for a while. It needs the rights to list services, to watch pods and to create pods/portforward there.

Examples:
  outrigger connect
  outrigger connect --namespace tools-system --port 9901
  outrigger connect --context staging --json`;

/** Builds the command. */
export function createConnectCommand(io: Io): Command {
  return new Command("connect")
    .option("-n, --namespace <name>", "where Outrigger is installed; default: it is looked for everywhere")
    .option("-p, --port <port>", "port of 127.0.0.1, or 0 for a free one", readPort, defaultPort)
    .option("--kubeconfig <file>", "another kubeconfig than KUBECONFIG or ~/.kube/config")
    .option("--context <name>", "another context than the current one")
    .addOption(new Option("--json", "one JSON object per line").conflicts("printUrl"))
    .option("--print-url", "only the address on stdout, once it works")
    .addHelpText("after", examples)
    .action((options: ConnectOptions) => runConnect(io, options));
}

function readPort(text: string): number {
  if (text === "0") return 0;
  const port = parsePort(text);
  if (!port.ok) throw new InvalidArgumentError(`Expected ${port.expected}.`);
  return port.value;
}

async function runConnect(io: Io, options: ConnectOptions): Promise<void> {
  const service = await findService(io, options);
  if (service === undefined) return;
  const form = options.json === true ? "json" : options.printUrl === true ? "url" : "text";
  const report = createConnectReport(io, form, () => new Date());
  const access = await openAccess(toChoice(options), io.host.tempFolder);
  let tunnel: Tunnel;
  try {
    // States come after the port is known: the first one waits for an answer of the API server.
    tunnel = await openTunnel({ access, service, port: options.port, waitMs, onState: report.onState });
  } catch (error) {
    await access.close();
    reportPort(io, options.port, error);
    return;
  }
  report.onStart(service, `http://127.0.0.1:${tunnel.port}/mcp`);
  io.host.onSignal((signal) => {
    report.onStopped();
    const ended = Promise.all([tunnel.close(), access.close()]);
    void ended.finally(() => io.host.exit(signal === "SIGINT" ? 130 : 0));
  });
}

/** The Service, or undefined where there is none that is meant, which is reported here. */
async function findService(io: Io, options: ConnectOptions): Promise<FoundService | undefined> {
  const cluster = await openUserCluster(io, options);
  if (cluster === undefined) return undefined;
  try {
    const server = await cluster.version();
    if (!server.ok) {
      reportNoServer(io, cluster.address, server);
      return undefined;
    }
    return await listServices(io, cluster, options.namespace);
  } finally {
    await cluster.close();
  }
}

async function listServices(
  io: Io,
  cluster: Awaited<ReturnType<typeof openCluster>>,
  namespace: string | undefined,
): Promise<FoundService | undefined> {
  const listed = await cluster.list({
    resource: kinds.services,
    labelSelector: serviceSelector,
    ...(namespace === undefined ? {} : { namespaces: [namespace] }),
    read: readService,
  });
  if (!listed.ok) {
    const next =
      namespace === undefined ? "outrigger connect --namespace NAME" : "ask for the right to list services there";
    reportProblem(io, {
      code: "OUTRIGGER_ERR_REFUSED",
      what: `The aggregator can't be looked for: ${listed.why}.`,
      next,
    });
    return undefined;
  }
  const picked = pickService(
    listed.value.filter((each) => each !== undefined),
    namespace,
  );
  if (picked.ok) return picked.service;
  reportProblem(io, { code: "OUTRIGGER_ERR_OBJECT_UNKNOWN", what: picked.why, next: "outrigger check" });
  return undefined;
}

function reportPort(io: Io, port: number, error: unknown): void {
  const isTaken = error instanceof Error && "code" in error && error.code === "EADDRINUSE";
  if (!isTaken) throw error;
  const what = `Port ${port} of 127.0.0.1 is in use by another program.`;
  reportProblem(io, { code: "OUTRIGGER_ERR_PORT_TAKEN", what, next: `outrigger connect --port ${port + 1}` });
}
