/** The decision table of injection as people read it: the row of each reason, and for a denial what mends it. Data only. */
import type { DenyReason, InjectReason, SkipReason } from "@outrigger/webhook/inject";

/** A row. Rows of denials from 8 to 21 are all looked at; of the others the first that fits decides. */
export interface Row {
  readonly row: string;
}

/** Rows that leave a pod alone or inject it. */
export const outcomeRows: Readonly<Record<SkipReason | InjectReason, Row>> = {
  NotApplicable: { row: "1" },
  MirrorPod: { row: "2" },
  SystemNamespace: { row: "3" },
  OptedOut: { row: "6" },
  NotOptedIn: { row: "7" },
  RelayPod: { row: "7a" },
  AlreadyInjected: { row: "22" },
  Reinjected: { row: "23" },
  Injected: { row: "24" },
};

/** Rows that refuse a pod, with what is to be done. */
export const denialRows: Readonly<Record<DenyReason, Row & { readonly fix: string }>> = {
  InvalidInjectValue: { row: "4", fix: 'write the label outrigger.dev/inject as "enabled" or "disabled"' },
  OptOutRefused: { row: "5", fix: "remove the label, or run the pod in a namespace that requires no injection" },
  NamespaceNotSynced: { row: "7b", fix: "try again: the webhook has not seen the namespace yet" },
  TrustNotSynced: { row: "7b", fix: "see whether the operator runs: it makes the keys that sign policy" },
  InvalidPod: { row: "7c", fix: "give the object the shape of a pod" },
  HostNetwork: { row: "8", fix: "set hostNetwork to false, or run the pod in a namespace without injection" },
  WindowsPod: { row: "9", fix: "run the server on Linux, or in a namespace without injection" },
  NativeSidecarNeeded: {
    row: "9a",
    fix: "set injection.sidecarKind to native, where every kubelet is 1.29 or newer, or run the pod without injection",
  },
  InvalidAnnotation: { row: "10", fix: "write the value in the form that is named" },
  ReservedName: { row: "11", fix: "choose a name that does not begin with outrigger-" },
  AmbiguousContainer: { row: "12", fix: "name the server's container in outrigger.dev/container" },
  ContainerNotFound: { row: "12", fix: "name one of the pod's containers in outrigger.dev/container" },
  NoPort: { row: "13", fix: "declare the port in the container, or name its number in outrigger.dev/port" },
  AmbiguousPort: { row: "13", fix: "name the server's port in outrigger.dev/port" },
  PortNotFound: { row: "13", fix: "name one of the container's ports in outrigger.dev/port" },
  PortClash: { row: "14", fix: "move the container's port, or the sidecar's by outrigger.dev/listen-port" },
  HostPort: { row: "15", fix: "remove the hostPort and use a Service" },
  PrivilegedPort: {
    row: "16",
    fix: "have the server listen on a port from 1024, or set the pod's sysctl net.ipv4.ip_unprivileged_port_start",
  },
  EnvConflict: {
    row: "17",
    fix: "name the variables in outrigger.dev/host-env or outrigger.dev/port-env and leave them unset in the container",
  },
  PortNotNamed: { row: "18", fix: "give the container's port a name" },
  NamedPortUnsupported: { row: "18", fix: "choose another outrigger.dev/port-mode, or update Kubernetes to 1.32" },
  StdioCommandUnknown: { row: "19", fix: "set the container's command, or outrigger.dev/stdio-command" },
  StdioNetworkProbe: { row: "20", fix: "use exec for the hook, or none" },
  ProbeHost: { row: "21", fix: "remove host from the probe" },
};
