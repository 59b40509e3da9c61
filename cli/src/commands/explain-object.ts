/** `outrigger explain KIND/NAME`: the webhook's decision on an object of a cluster, and what is there of it now. */
import type { Command } from "commander";
import type { RawObject } from "@outrigger/kube";
import { findTemplate, type InjectionConfig } from "@outrigger/webhook/inject";
import type { Cluster } from "../check/cluster/cluster.ts";
import type { ClusterChoice } from "../check/cluster/kubectl.ts";
import { asAdmitted } from "../explain/cluster/as-admitted.ts";
import { readObjectName, type ObjectName } from "../explain/cluster/object-name.ts";
import { readNow } from "../explain/cluster/read-now.ts";
import { readSetting } from "../explain/cluster/read-setting.ts";
import { pickDefined } from "../explain/defined.ts";
import { explain } from "../explain/explain.ts";
import type { Explanation, NowFacts } from "../explain/explanation.ts";
import { toExitCode } from "../explain/tally.ts";
import type { Io } from "../io.ts";
import { formatExplanationsJson } from "../output/explain-json.ts";
import { listNowRows } from "../output/explain-now.ts";
import { formatExplanation } from "../output/explain-text.ts";
import { reportProblem } from "../output/problem.ts";
import { openUserCluster, reportNoServer } from "./cluster-access.ts";
import { mergeFacts, readConfig, type ManifestFlags } from "./manifest-options.ts";

/** Which cluster, and which installation in it. */
export interface ClusterFlags extends ClusterChoice {
  readonly installation?: string;
}

/** Adds the options. */
export function addClusterOptions(command: Command): Command {
  return command
    .option("--kubeconfig <file>", "the cluster; default: as kubectl finds it")
    .option("--context <name>", "a context of the kubeconfig; needs kubectl")
    .option("--installation <namespace>", "the namespace of Outrigger; default: found by its labels");
}

interface ObjectFlags extends ManifestFlags, ClusterFlags {
  readonly namespace?: string;
  readonly json?: true;
}

/** Runs it. */
export async function runExplainObject(io: Io, text: string, flags: ObjectFlags): Promise<void> {
  const name = readObjectName(text);
  if (!name.ok) {
    reportProblem(io, { code: "OUTRIGGER_ERR_USAGE", what: `Expected ${name.expected}.` });
    return;
  }
  const cluster = await openUserCluster(io, flags);
  if (cluster === undefined) return;
  try {
    const server = await cluster.version();
    if (server.ok) await explainObject(io, cluster, { name: name.value, flags });
    else reportNoServer(io, cluster.address, server);
  } finally {
    await cluster.close();
  }
}

interface Asked {
  readonly name: ObjectName;
  readonly flags: ObjectFlags;
}

async function explainObject(io: Io, cluster: Cluster, { name, flags }: Asked): Promise<void> {
  const { namespace = "default", installation, scope } = flags;
  const chosen = readChosen(io, flags);
  if (chosen === "wrong") return;
  const found = await cluster.get<RawObject>({ ...name, namespace });
  if (!found.ok) {
    reportMissing(io, name, { namespace, why: found.why });
    return;
  }
  const object = { ...found.value, ...writeKind(name) };
  const subject = { kind: name.resource.kind, name: name.name, namespace, object, template: findTemplate(object) };
  const read = await readSetting({ cluster, namespace, installation, config: chosen });
  const setting = { ...read, facts: mergeFacts(read.facts, flags) };
  const { facts, config, services } = setting;
  const context = pickDefined({ facts, config, services, scope, installation: setting.installation });
  const asked = subject.kind === "Pod" ? { ...subject, object: asAdmitted(object) } : subject;
  const explanation = explain(asked, context);
  const now = await readNow({ cluster, subject, setting, explanation });
  report(io, { ...explanation, now }, flags);
}

function report(io: Io, explanation: Explanation & { readonly now: NowFacts }, { json }: ObjectFlags): void {
  const { paint, columns } = io.out;
  const rows = listNowRows(explanation.now, explanation.object.namespace, paint);
  io.out.write(
    json === true
      ? formatExplanationsJson([explanation])
      : formatExplanation(explanation, rows, { paint, columns: columns() }),
  );
  io.setExitCode(toExitCode([explanation]));
}

/** The configuration that the options name instead of the installation's. */
function readChosen(io: Io, flags: ObjectFlags): InjectionConfig | undefined | "wrong" {
  return (flags.config ?? flags.image) === undefined ? undefined : (readConfig(io, flags) ?? "wrong");
}

/** API servers leave both out of what they send. */
function writeKind({ resource: { group, version, kind } }: ObjectName): {
  readonly apiVersion: string;
  readonly kind: string;
} {
  return { apiVersion: group === "" ? version : `${group}/${version}`, kind };
}

function reportMissing(
  io: Io,
  { resource, name }: ObjectName,
  { namespace, why }: { readonly namespace: string; readonly why: string },
): void {
  const object = `${resource.kind.toLowerCase()}/${name} in namespace ${namespace}`;
  // How a missing right is worded by every look at the cluster.
  if (why.startsWith("need ")) {
    reportProblem(io, { code: "OUTRIGGER_ERR_REFUSED", what: `You may not read ${object}: ${why}.` });
    return;
  }
  const next = `kubectl get ${resource.plural} --namespace ${namespace}`;
  reportProblem(io, { code: "OUTRIGGER_ERR_OBJECT_UNKNOWN", what: `There is no ${object} (${why}).`, next });
}
