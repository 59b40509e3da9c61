/**
 * What each program does at the API server, and so needs to be allowed. A row holds by the program's own settings, which are its
 * environment variables, so that the list follows from how a program was started. Tests hold it equal to the Roles of the chart.
 */

/** A program with a ServiceAccount. */
export type Program = "webhook" | "operator" | "aggregator";

/**
 * Where a right is needed. `cluster`: for what belongs to no namespace. `own`: in the release's namespace. `served`: in all
 * namespaces, or in each of those that the installation is limited to. `named`: in each of these and only where there are such.
 * `kept`: in the namespace where catalogues of sleeping servers are kept. `lists`: for each ConfigMap with a list of servers.
 */
type Place = "cluster" | "own" | "served" | "named" | "kept" | "lists";

/** A row: what is done with which kind of object. `resource` may name a subresource, as in `deployments/scale`. */
interface Need {
  readonly program: Program;
  readonly group: string;
  readonly resource: string;
  readonly verbs: readonly string[];
  readonly place: Place;
  /** The variable that names the one object; absent: all of the kind. */
  readonly nameIn?: string;
  /** The variable that has to be set, and to this value where one is given; or to a list with commas in which one is held. */
  readonly when?: { readonly variable: string; readonly value?: string; readonly holds?: string };
  /** What does not work without it: a clause. */
  readonly without: string;
}

const admission = "admissionregistration.k8s.io";
const configurations = { group: admission, resource: "mutatingwebhookconfigurations", place: "cluster" } as const;
const configured = { nameIn: "OUTRIGGER_WEBHOOK_CONFIGURATION", when: { variable: "OUTRIGGER_WEBHOOK_CONFIGURATION" } };
const inCluster = { when: { variable: "OUTRIGGER_KUBE" } } as const;
const sleeps = { when: { variable: "OUTRIGGER_WAKE" } } as const;
const signs = { when: { variable: "OUTRIGGER_CERTIFICATES", value: "cluster" } } as const;

const core = (resource: string): Pick<Need, "group" | "resource"> => ({ group: "", resource });

/** The rows. */
const needs: readonly Need[] = [
  {
    program: "webhook",
    ...core("namespaces"),
    verbs: ["list", "watch"],
    place: "cluster",
    ...inCluster,
    without: "annotations of namespaces are not known, so pods are refused",
  },
  {
    program: "webhook",
    ...core("namespaces"),
    verbs: ["get"],
    place: "named",
    ...inCluster,
    without: "annotations of the namespace are not known, so its pods are refused",
  },
  {
    program: "webhook",
    ...configurations,
    verbs: ["list", "watch"],
    ...configured,
    without: "a replica can't see that API servers trust it, and is never ready",
  },
  {
    program: "webhook",
    ...core("configmaps"),
    verbs: ["list", "watch"],
    place: "own",
    ...inCluster,
    without: "keys and policies are not known, so pods are refused",
  },
  {
    program: "webhook",
    group: "events.k8s.io",
    resource: "events",
    verbs: ["create", "patch"],
    place: "own",
    ...inCluster,
    without: "nobody is told of a certificate that is not renewed",
  },
  {
    program: "webhook",
    ...core("secrets"),
    verbs: ["get", "list", "watch", "patch"],
    place: "own",
    nameIn: "OUTRIGGER_CA_SECRET",
    ...signs,
    without: "no replica can sign its certificate",
  },
  {
    program: "webhook",
    ...core("secrets"),
    verbs: ["create"],
    place: "own",
    ...signs,
    without: "a new installation gets no authority",
  },
  {
    program: "aggregator",
    ...core("pods"),
    verbs: ["list", "watch"],
    place: "served",
    ...inCluster,
    without: "servers are not found",
  },
  {
    program: "aggregator",
    ...core("services"),
    verbs: ["list", "watch"],
    place: "served",
    when: { variable: "OUTRIGGER_SERVICES", value: "labelled" },
    without: "servers behind labelled Services are not found",
  },
  {
    program: "aggregator",
    group: "discovery.k8s.io",
    resource: "endpointslices",
    verbs: ["list", "watch"],
    place: "served",
    when: { variable: "OUTRIGGER_SERVICES", value: "labelled" },
    without: "servers behind labelled Services are not found",
  },
  {
    program: "aggregator",
    group: "authentication.k8s.io",
    resource: "tokenreviews",
    verbs: ["create"],
    place: "cluster",
    when: { variable: "OUTRIGGER_AUTH", holds: "service-account" },
    without: "nobody gets in by the token of a ServiceAccount",
  },
  {
    program: "aggregator",
    ...core("configmaps"),
    verbs: ["list", "watch"],
    place: "kept",
    when: { variable: "OUTRIGGER_ASLEEP" },
    without: "servers that sleep are not listed",
  },
  {
    program: "aggregator",
    group: "discovery.k8s.io",
    resource: "endpointslices",
    verbs: ["list", "watch"],
    place: "own",
    when: { variable: "OUTRIGGER_PEER_SERVICE" },
    without: "replicas do not know each other, so a session ends with its replica",
  },
  {
    program: "aggregator",
    ...core("configmaps"),
    verbs: ["list", "watch"],
    place: "lists",
    without: "the servers of that list are not found",
  },
  {
    program: "operator",
    ...core("namespaces"),
    verbs: ["list", "watch"],
    place: "cluster",
    without: "nobody knows which namespaces are opted in",
  },
  {
    program: "operator",
    ...core("namespaces"),
    verbs: ["get"],
    place: "named",
    without: "nobody knows whether the namespace is opted in",
  },
  {
    program: "operator",
    ...core("pods"),
    verbs: ["list", "watch", "patch"],
    place: "served",
    without: "policies do not reach pods, and ways round sidecars are not looked for",
  },
  {
    program: "operator",
    group: "apps",
    resource: "replicasets",
    verbs: ["get"],
    place: "served",
    without: "events do not reach Deployments",
  },
  {
    program: "operator",
    group: "batch",
    resource: "jobs",
    verbs: ["get"],
    place: "served",
    without: "events do not reach CronJobs",
  },
  {
    program: "operator",
    group: "networking.k8s.io",
    resource: "networkpolicies",
    verbs: ["list", "watch", "create", "patch", "delete"],
    place: "served",
    without: "ways round sidecars stay open",
  },
  {
    program: "operator",
    group: "events.k8s.io",
    resource: "events",
    verbs: ["list", "watch", "create", "patch"],
    place: "served",
    without: "nobody is told what happened to pods",
  },
  {
    program: "operator",
    group: "apps",
    resource: "deployments",
    verbs: ["get", "list", "watch"],
    place: "served",
    ...sleeps,
    without: "no server can sleep",
  },
  {
    program: "operator",
    group: "apps",
    resource: "statefulsets",
    verbs: ["get", "list", "watch"],
    place: "served",
    ...sleeps,
    without: "no server can sleep",
  },
  {
    program: "operator",
    group: "apps",
    resource: "deployments/scale",
    verbs: ["get", "patch"],
    place: "served",
    ...sleeps,
    without: "servers are not put to sleep, nor woken",
  },
  {
    program: "operator",
    group: "apps",
    resource: "statefulsets/scale",
    verbs: ["get", "patch"],
    place: "served",
    ...sleeps,
    without: "servers are not put to sleep, nor woken",
  },
  {
    program: "operator",
    ...configurations,
    verbs: ["list", "watch", "patch"],
    ...configured,
    without: "a caBundle that somebody wipes is not put back",
  },
  {
    program: "operator",
    group: admission,
    resource: "validatingwebhookconfigurations",
    verbs: ["list", "watch", "patch"],
    place: "cluster",
    ...configured,
    without: "a caBundle that somebody wipes is not put back, and nobody is warned of mistakes in workloads",
  },
  {
    program: "operator",
    group: "coordination.k8s.io",
    resource: "leases",
    verbs: ["create"],
    place: "own",
    without: "no replica of a new installation leads",
  },
  {
    program: "operator",
    group: "coordination.k8s.io",
    resource: "leases",
    verbs: ["get", "patch"],
    place: "own",
    nameIn: "OUTRIGGER_LEASE",
    without: "no replica leads, so none acts",
  },
  {
    program: "operator",
    ...core("configmaps"),
    verbs: ["list", "watch", "create", "patch", "delete"],
    place: "own",
    without: "policies are neither read nor handed on",
  },
  {
    program: "operator",
    ...core("secrets"),
    verbs: ["create"],
    place: "own",
    without: "a new installation gets no keys",
  },
  {
    program: "operator",
    ...core("secrets"),
    verbs: ["get", "patch"],
    place: "own",
    nameIn: "OUTRIGGER_TRUST",
    without: "policies are not signed",
  },
  {
    program: "operator",
    ...core("secrets"),
    verbs: ["get", "patch"],
    place: "own",
    nameIn: "OUTRIGGER_CA_SECRET",
    when: { variable: "OUTRIGGER_CA_SECRET" },
    without: "the webhook's authority is not renewed",
  },
  {
    program: "operator",
    ...core("secrets"),
    verbs: ["get", "patch"],
    place: "own",
    nameIn: "OUTRIGGER_ASSERTIONS",
    when: { variable: "OUTRIGGER_ASSERTIONS" },
    without: "nobody vouches for callers, and no policy is signed",
  },
  {
    program: "operator",
    ...core("secrets"),
    verbs: ["get", "patch"],
    place: "own",
    nameIn: "OUTRIGGER_SESSION_KEYS_SECRET",
    when: { variable: "OUTRIGGER_SESSION_KEYS_SECRET" },
    without: "aggregators get no keys for sessions, and do not start",
  },
];

/** One thing that a program has to be allowed. Without `namespace`: in all of them, or for what belongs to none. */
export interface NeededRight {
  readonly program: Program;
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly namespace?: string;
  readonly name?: string;
  /** True of what belongs to no namespace. */
  readonly isClusterWide: boolean;
  /** What does not work without it: a clause. */
  readonly without: string;
}

/**
 * How a program was started. `variables`: its environment; `own`: the release's namespace; `limitedTo`: the namespaces that it
 * serves, all where empty.
 */
export interface StartedProgram {
  readonly program: Program;
  readonly variables: Readonly<Record<string, string>>;
  readonly own: string;
  readonly limitedTo: readonly string[];
}

/** Everything that a program needs to be allowed, a verb at a time, in the order of the rows. */
export function listNeededRights(started: StartedProgram): readonly NeededRight[] {
  return needs
    .filter((need) => need.program === started.program && holds(need, started))
    .flatMap((need) =>
      listPlaces(need, started).flatMap((place) =>
        need.verbs.map((verb) => ({
          program: need.program,
          verb,
          group: need.group,
          resource: need.resource,
          ...place,
          isClusterWide: need.place === "cluster",
          without: need.without,
        })),
      ),
    );
}

function holds({ when }: Need, { variables }: StartedProgram): boolean {
  if (when === undefined) return true;
  const given = variables[when.variable] ?? "";
  if (when.holds !== undefined) return given.split(",").some((each) => each.trim() === when.holds);
  return when.value === undefined ? given !== "" : given === when.value;
}

type Target = Pick<NeededRight, "namespace" | "name">;

function listPlaces(need: Need, { variables, own, limitedTo }: StartedProgram): readonly Target[] {
  const name = need.nameIn === undefined ? {} : { name: variables[need.nameIn] ?? "" };
  switch (need.place) {
    case "cluster":
      return limitedTo.length === 0 ? [name] : [];
    case "own":
      return [{ namespace: own, ...name }];
    case "served":
      return limitedTo.length === 0 ? [name] : limitedTo.map((namespace) => ({ namespace, ...name }));
    case "named":
      return limitedTo.map((namespace) => ({ namespace, ...name }));
    case "kept":
      return [{ namespace: variables["OUTRIGGER_ASLEEP"] ?? own }];
    case "lists":
      return readLists(variables["OUTRIGGER_SERVER_LISTS"] ?? "");
  }
}

/** `NAMESPACE/NAME`, separated by commas. */
function readLists(text: string): readonly Target[] {
  return text.split(",").flatMap((reference) => {
    const [namespace = "", name = ""] = reference.trim().split("/");
    return name === "" ? [] : [{ namespace, name }];
  });
}
