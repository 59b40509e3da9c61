/** Opens the source of the certificate that is served: a folder, one of our own making, or the cluster's authority. */
import { writeFileSync } from "node:fs";
import { hostname } from "node:os";
import type { Reason } from "@outrigger/api/reasons";
import { createFileSource, createSelfSource, listServiceNames, type CertificateSource } from "@outrigger/certs";
import { createEventRecorder, createObjects } from "@outrigger/kube";
import type { HealthCheck } from "@outrigger/runtime/health";
import { openClusterCertificates, openGivenTrust } from "../cluster/cluster.ts";
import type { ClusterContext } from "../cluster/context.ts";
import { watchEnding } from "../cluster/ending.ts";
import type { InjectionConfig } from "../inject/config.ts";
import type { InputReports, Opened, Values } from "./inputs.ts";

/** What was opened. */
export interface OpenCertificates {
  readonly first: Promise<CertificateSource>;
  readonly checks: Readonly<Record<string, HealthCheck>>;
}

/** What sources need besides the settings; `context` where a cluster is watched. */
export interface CertificateContext {
  readonly config: InjectionConfig;
  readonly context: ClusterContext | undefined;
  readonly reports: InputReports;
}

const longestCheckMs = 60_000;
const nowMs = (): number => Date.now();

/** Opens the source that the settings name, and looks that it does not end unseen. */
export async function openCertificates(values: Values, context: CertificateContext): Promise<Opened<OpenCertificates>> {
  const opened = await openSource(values, context);
  if (!opened.ok) return opened;
  const closeEnding = tellEnding(opened.value.first, values, context);
  const close = async (): Promise<void> => {
    await closeEnding();
    await opened.close();
  };
  return { ...opened, close };
}

/** In the log, and, where there is a cluster, as an Event on the webhook's Deployment. Gives the way to end it. */
function tellEnding(
  first: OpenCertificates["first"],
  { service: name }: Values,
  { context, reports }: CertificateContext,
): () => Promise<void> {
  const recorder =
    context === undefined
      ? undefined
      : createEventRecorder({
          objects: createObjects(context.access),
          controller: "outrigger.dev/webhook",
          instance: hostname(),
          nowMs,
          onFailure: ({ message }) => reports.onUntold(message),
          onDropped: () => reports.onUntold("too many wait"),
        });
  const regarding = { apiVersion: "apps/v1", kind: "Deployment", name, namespace: context?.ownNamespace ?? "default" };
  const onLate = (note: string): void => {
    reports.onLate(note);
    recorder?.record({
      regarding,
      type: "Warning",
      reason: "CertificateEnding" satisfies Reason,
      action: "Renew",
      note,
    });
  };
  let [end, isClosed] = [(): void => undefined, false];
  void first.then(({ current }) => {
    if (!isClosed) end = watchEnding({ current, checkMs: longestCheckMs, nowMs, onLate });
  });
  return async () => {
    isClosed = true;
    end();
    await recorder?.close();
  };
}

async function openSource(values: Values, context: CertificateContext): Promise<Opened<OpenCertificates>> {
  switch (values.certificates) {
    case "files":
      return openFiles(values, context);
    case "self":
      return openSelf(values, context);
    case "cluster":
      return openFromCluster(values, context);
  }
}

function openFiles(values: Values, { context, reports }: CertificateContext): Opened<OpenCertificates> {
  const { certificateFolder, pollMs, webhookConfiguration: configurationName } = values;
  const onProblem = (problem: string): void => reports.onReload("certificate", problem);
  const made = createFileSource({ folder: certificateFolder, pollMs, nowMs, onProblem });
  if (!made.ok) return { ok: false, problem: `--certificate-folder ${certificateFolder}: ${made.problem}` };
  const opened = toOpened(made.source);
  if (context === undefined || configurationName === undefined) return opened;
  const trust = openGivenTrust(context, made.source, { configurationName, onTrust: reports.onTrust });
  const close = async (): Promise<void> => {
    made.source.close();
    await trust.close();
  };
  return { ok: true, value: { first: Promise.resolve(made.source), checks: trust.checks }, close };
}

async function openSelf(values: Values, { config, reports }: CertificateContext): Promise<Opened<OpenCertificates>> {
  const onProblem = (problem: string): void => reports.onReload("certificate", problem);
  const source = await createSelfSource({ ...readMaking(values, config), nowMs, onProblem });
  const written = writeAuthority(values.caOut, source.authorityPem);
  return written === undefined ? toOpened(source) : { ok: false, problem: `--ca-out: ${written}` };
}

function openFromCluster(values: Values, { config, context, reports }: CertificateContext): Opened<OpenCertificates> {
  if (context === undefined)
    return { ok: false, problem: "--certificates cluster: expected --kube, which says where the cluster is" };
  const { first, checks, close } = openClusterCertificates(context, {
    ...readMaking(values, config),
    secretName: values.caSecret,
    configurationName: values.webhookConfiguration ?? "outrigger",
    onProblem: (problem) => reports.onReload("certificate", problem),
    onTrust: reports.onTrust,
  });
  return { ok: true, value: { first, checks }, close };
}

function readMaking({ service, names, authorityLifetimeMs, leafLifetimeMs }: Values, config: InjectionConfig) {
  return {
    names: [...listServiceNames(service, config.ownNamespace, config.clusterDomain), ...names],
    authorityLifetimeMs,
    leafLifetimeMs,
    // Often enough for lives that are short.
    checkMs: Math.min(longestCheckMs, Math.ceil(leafLifetimeMs / 20)),
  };
}

function toOpened(source: CertificateSource): Opened<OpenCertificates> {
  return { ok: true, value: { first: Promise.resolve(source), checks: {} }, close: source.close };
}

function writeAuthority(path: string | undefined, pem: string): string | undefined {
  try {
    if (path !== undefined) writeFileSync(path, pem);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
