/**
 * Reads a Service whose addresses are sidecars, with its EndpointSlices, as sidecars to dial. The addresses are the API server's word; labels and
 * annotations of the Service say what its server is called, which group it is of and where its path is. Pure.
 */
import { sidecarService } from "@outrigger/api/cluster-objects";
import type { KeyDefinition } from "@outrigger/api/key-definition";
import { keys } from "@outrigger/api/keys";
import { sidecarPorts } from "@outrigger/api/ports";
import { readRoutingAnnotations } from "@outrigger/api/routing";
import type { RawEndpointSlice, RawMetadata, RawObject } from "@outrigger/kube";
import { allowedHosts, isForbiddenHost } from "@outrigger/runtime/forbidden-address";
import type { DiscoveredSidecar, DiscoveryProblem } from "./source.ts";

/** The label by which the slices of a Service are found. Source: Kubernetes, well-known labels. */
const serviceLabel = "kubernetes.io/service-name";

/** A Service as far as it counts. `problem`: why none of its addresses can be dialled, whatever they are. */
export interface ServiceReading {
  readonly metadata: RawMetadata;
  readonly namespace: string;
  readonly name: string;
}

/** A slice as far as it counts. */
export interface SliceReading {
  readonly namespace: string;
  readonly service: string;
  readonly slice: RawEndpointSlice;
}

/** What comes of a Service. */
export interface ReadService {
  readonly sidecars: readonly DiscoveredSidecar[];
  readonly problems: readonly DiscoveryProblem[];
}

/** Keeps what counts of a Service; undefined of one that is on its way out. */
export function readServiceObject({ metadata = {} }: RawObject): ServiceReading | undefined {
  const { name, namespace = "default", deletionTimestamp } = metadata;
  return name === undefined || deletionTimestamp !== undefined ? undefined : { metadata, namespace, name };
}

/** Keeps what counts of a slice; undefined of one that is of no Service. */
export function readSliceObject(slice: RawEndpointSlice): SliceReading | undefined {
  const { namespace = "default", labels = {} } = slice.metadata ?? {};
  const service = labels[serviceLabel];
  return service === undefined ? undefined : { namespace, service, slice };
}

/** Reads a Service with its slices. */
export function readService(service: ServiceReading, slices: readonly SliceReading[]): ReadService {
  const { namespace, name, metadata } = service;
  const own = slices.filter((each) => each.namespace === namespace && each.service === name);
  const base = describeServer(service);
  const fail = (reason: DiscoveryProblem["reason"], message: string): DiscoveryProblem => {
    return { ...base, key: `service:${namespace}/${name}`, reason, message: `Service ${name} ${message}` };
  };
  const path = readWith(keys.path, metadata.annotations) ?? sidecarService.defaultPath;
  const read = own.flatMap(({ slice }) => readAddresses(slice, path));
  const forbidden = read.find(({ host }) => isForbiddenHost(host))?.host;
  const sidecars = read
    .filter(({ host }) => !isForbiddenHost(host))
    .map(({ key, isReady, dataUrl, controlUrl }): DiscoveredSidecar => {
      const routing = readRoutingAnnotations(metadata.annotations ?? {});
      const headers = {};
      return {
        ...base,
        key: key ?? `service:${namespace}/${name}:${dataUrl}`,
        dataUrl,
        controlUrl,
        routing,
        headers,
        isReady,
      };
    });
  if (forbidden !== undefined) {
    const message = `leads to ${forbidden}. Expected addresses that are ${allowedHosts}.`;
    return { sidecars, problems: [fail("EndpointInvalid", message)] };
  }
  if (sidecars.length > 0) return { sidecars, problems: [] };
  const hasAddress = own.some(({ slice }) => (slice.endpoints ?? []).length > 0);
  const problem = hasAddress
    ? fail("EndpointInvalid", `has no TCP port ${sidecarService.port}, which is that of its sidecars.`)
    : fail("Starting", "has no address yet.");
  return { sidecars, problems: [problem] };
}

function describeServer({ metadata, namespace, name }: ServiceReading) {
  const { labels = {}, annotations, creationTimestamp = "" } = metadata;
  const named = labels[keys.server.key];
  const transport = readTransport(annotations);
  return {
    namespace,
    server: named !== undefined && keys.server.parse(named).ok ? named : name,
    group: readWith(keys.group, annotations) ?? keys.group.default,
    labels,
    createdAt: creationTimestamp,
    origin: "Service",
    ...(transport === undefined ? {} : { transport }),
  } as const;
}

interface Address {
  /** Of its pod, so that one which is found as an injected pod too is found once. */
  readonly key: string | undefined;
  readonly host: string;
  readonly dataUrl: string;
  readonly controlUrl: string;
  readonly isReady: boolean;
}

function readAddresses(
  { addressType, ports = [], endpoints = [] }: RawEndpointSlice,
  path: string,
): readonly Address[] {
  const portOf = (wanted: string): number | undefined =>
    ports.find(({ name, protocol = "TCP" }) => name === wanted && protocol === "TCP")?.port;
  const [data, control = sidecarPorts.control] = [portOf(sidecarService.port), portOf(sidecarService.controlPort)];
  if (data === undefined) return [];
  return endpoints.flatMap(({ addresses = [], conditions = {}, targetRef = {} }) => {
    // Who is on the way out is there no more, as with pods.
    if (conditions.terminating === true) return [];
    const uid = targetRef.kind === "Pod" ? targetRef.uid : undefined;
    return addresses.slice(0, 1).map((address) => {
      const host = addressType === "IPv6" ? `[${address}]` : address;
      return {
        ...{ key: uid === undefined ? undefined : `pod:${uid}`, host, isReady: conditions.ready !== false },
        ...{ dataUrl: `http://${host}:${data}${path}`, controlUrl: `http://${host}:${control}` },
      };
    });
  });
}

type Annotations = Readonly<Record<string, string>> | undefined;

/** A value that is well formed; a wrong one counts as absent. */
function readWith(key: KeyDefinition, annotations: Annotations): string | undefined {
  const text = annotations?.[key.key];
  return text !== undefined && key.parse(text).ok ? text : undefined;
}

function readTransport(annotations: Annotations): DiscoveredSidecar["transport"] {
  const parsed = keys.transport.parse(annotations?.[keys.transport.key] ?? "");
  return parsed.ok ? parsed.value : undefined;
}
