/** What the webhook reads from outside while it runs, and who hears of it. Types only. */
import type { CertificateSource } from "@outrigger/certs";
import type { Settings } from "@outrigger/runtime/config";
import type { HealthCheck } from "@outrigger/runtime/health";
import type { WatchSubject } from "../cluster/context.ts";
import type { InjectionConfig } from "../inject/config.ts";
import type { InstallationSource } from "../server/installation.ts";
import type { ReloadSubject } from "../server/metrics.ts";
import type { NamespaceSource } from "../server/namespaces.ts";
import type { settingTable } from "../settings.ts";

/** Everything that the webhook reads while it runs. */
export interface Inputs {
  readonly config: () => InjectionConfig;
  readonly namespaces: NamespaceSource;
  readonly installation: InstallationSource;
  /** Resolves at once, or, where certificates come from the cluster, with the first one. */
  readonly certificates: Promise<CertificateSource>;
  /** What has to be known before pods are to be answered. */
  readonly checks: Readonly<Record<string, HealthCheck>>;
  readonly close: () => Promise<void>;
}

/** Who hears of what happens to inputs. */
export interface InputReports {
  /** Something was read again; `problem` is set where it was refused and the last good one stays. */
  readonly onReload: (subject: ReloadSubject, problem?: string) => void;
  readonly onWatchFailure: (subject: WatchSubject, problem: string) => void;
  readonly onFault: (error: unknown) => void;
  readonly onTrust: (trust: "trusted" | "untrusted") => void;
  /** The certificate that is served is near its end and was not renewed. */
  readonly onLate: (note: string) => void;
  /** That could not be written as an Event. */
  readonly onUntold: (problem: string) => void;
}

/** Result of opening: the inputs, or every problem. */
export type OpenedInputs =
  { readonly ok: true; readonly inputs: Inputs } | { readonly ok: false; readonly problems: readonly string[] };

/** The settings. */
export type Values = Settings<typeof settingTable>["values"];

/** One input that was opened, or why it can't be. */
export type Opened<T> =
  | { readonly ok: true; readonly value: T; readonly close: () => void | Promise<void> }
  | { readonly ok: false; readonly problem: string };
