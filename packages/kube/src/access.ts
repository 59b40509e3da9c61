/**
 * Reaches the API server: from inside the cluster, by kubeconfig, or at a base URL such as `kubectl proxy`.
 * One dispatcher for all requests; credentials are read for each request, because tokens are replaced while we run.
 * Decides nothing about what is asked, and never retries.
 */
import type { AgentOptions, RequestOptions } from "node:https";
import { Agent, ProxyAgent, request, WebSocket, type buildConnector, type Dispatcher } from "undici";
import type { KubeConfig } from "@kubernetes/client-node";
import { describeFailedConnection, readConnectionCode, type Dialled } from "@outrigger/runtime/connection-failure";

/**
 * Where the API server is. `rootFolder` and `file` replace the usual places of credentials; `named` is what messages call a file that
 * the user does not know.
 */
export type ClusterPlace =
  | { readonly mode: "in-cluster"; readonly rootFolder?: string }
  | { readonly mode: "kubeconfig"; readonly file?: string; readonly named?: string }
  | { readonly mode: "url"; readonly baseUrl: string };

/** One request. `idleTimeoutMs`: longest silence before and inside the answer; `signal` ends it. */
export interface ClusterRequest {
  /** GET where absent. */
  readonly method?: "GET" | "POST" | "PATCH" | "DELETE";
  /** With its query. */
  readonly path: string;
  /** What is taken as an answer; JSON where absent. */
  readonly accept?: string;
  /** What is sent, and as what. */
  readonly body?: { readonly contentType: string; readonly text: string };
  readonly signal: AbortSignal;
  readonly idleTimeoutMs: number;
}

/** A way to the API server. Answers are handed over as they come, whatever their status; rejects where none comes. */
export interface ClusterAccess {
  /** Address of the API server, for messages. */
  readonly address: string;
  readonly send: (wanted: ClusterRequest) => Promise<Dispatcher.ResponseData>;
  readonly close: () => Promise<void>;
}

/** A way that can be asked for streams of both directions as well. */
export interface SocketAccess extends ClusterAccess {
  /** Asks for a WebSocket at a path with its query; whether it opens is told by its events. */
  readonly openSocket: (path: string, protocol: string) => Promise<WebSocket>;
}

/** Opens the way. Throws where the configuration can't be read; whether the server answers shows with the first request. */
export async function openClusterAccess(place: ClusterPlace): Promise<SocketAccess> {
  if (place.mode === "url") return createAccess({ address: place.baseUrl, setting: "--kube" }, openPlainCredentials());
  // Loaded here alone: the library costs 70 MiB, and a base URL needs none of it.
  const { KubeConfig } = await import("@kubernetes/client-node");
  const config = new KubeConfig();
  if (place.mode === "in-cluster") config.loadFromCluster(place.rootFolder);
  else if (place.file === undefined) config.loadFromDefault();
  else config.loadFromFile(place.file);
  const cluster = config.getCurrentCluster();
  if (cluster === null) throw new Error("the kubeconfig names no current cluster");
  const dialled = { address: cluster.server, setting: nameSetting(place, config.currentContext) };
  if (/^http:/i.test(cluster.server) && !cluster.skipTLSVerify) throw new Error(refusePlain(dialled));
  return createAccess(dialled, openConfiguredCredentials(config));
}

/** What named the address of the API server, for messages. */
function nameSetting(place: Exclude<ClusterPlace, { readonly mode: "url" }>, context: string): string {
  if (place.mode === "in-cluster") return "KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT";
  const file = place.named ?? place.file ?? "the kubeconfig that KUBECONFIG names, else ~/.kube/config";
  return `context ${JSON.stringify(context)} of ${file}`;
}

/** The library refuses it too, with a request, in words of its own. */
function refusePlain({ address, setting }: Dialled): string {
  const wanted = "an https address, or insecure-skip-tls-verify: true where it is a proxy on this machine";
  return `${address} (from ${setting}) is plain HTTP, over which credentials would be readable: expected ${wanted}`;
}

interface Credentials {
  readonly headers: Readonly<Record<string, string>>;
  readonly dispatcher: Dispatcher;
}

interface CredentialSource {
  readonly read: () => Promise<Credentials>;
  readonly close: () => Promise<void>;
}

function createAccess(dialled: Dialled, credentials: CredentialSource): SocketAccess {
  const base = dialled.address.replace(/\/+$/, "");
  return {
    address: base,
    send: async ({ method = "GET", path, accept = "application/json", body, signal, idleTimeoutMs }) => {
      const { headers, dispatcher } = await credentials.read();
      const answer = request(base + path, {
        method,
        dispatcher,
        headers: {
          accept,
          ...(body === undefined ? {} : { "content-type": body.contentType }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: body.text }),
        signal,
        headersTimeout: idleTimeoutMs,
        bodyTimeout: idleTimeoutMs,
      });
      return answer.catch((error: unknown) => {
        throw signal.aborted
          ? error
          : new Error(describeFailure({ ...dialled, address: base }, error), { cause: error });
      });
    },
    openSocket: async (path, protocol) => {
      const { headers, dispatcher } = await credentials.read();
      return new WebSocket(base.replace(/^http/, "ws") + path, {
        protocols: protocol,
        dispatcher,
        headers: { ...headers },
      });
    },
    close: credentials.close,
  };
}

const loopback: readonly string[] = ["127.0.0.1", "localhost", "[::1]"];

function describeFailure(dialled: Dialled, error: unknown): string {
  const isProxy = dialled.setting === "--kube" && loopback.includes(URL.parse(dialled.address)?.hostname ?? "");
  const hint = isProxy && readConnectionCode(error) === "ECONNREFUSED" ? "; is `kubectl proxy` running?" : "";
  return `${describeFailedConnection(dialled, error)}${hint}`;
}

function openPlainCredentials(): CredentialSource {
  const dispatcher = new Agent();
  return { read: () => Promise.resolve({ headers: {}, dispatcher }), close: () => dispatcher.destroy() };
}

/** One dispatcher as long as certificates stay the same; a new one when a mounted CA or client certificate was replaced. */
function openConfiguredCredentials(config: KubeConfig): CredentialSource {
  let current: { readonly material: string; readonly dispatcher: Dispatcher } | undefined;
  return {
    read: async () => {
      const options: RequestOptions = {};
      await config.applyToHTTPSOptions(options);
      const material = JSON.stringify(pickTls(options), (_key, value: unknown) =>
        value instanceof Uint8Array ? Buffer.from(value).toString("base64") : value,
      );
      if (current?.material !== material) {
        const before = current?.dispatcher;
        current = { material, dispatcher: createDispatcher(config, options) };
        // Closing lets open watches run to their end.
        void before?.close();
      }
      return { headers: readHeaders(options), dispatcher: current.dispatcher };
    },
    close: async () => current?.dispatcher.destroy(),
  };
}

function pickTls({ ca, cert, key, pfx, passphrase, rejectUnauthorized, servername }: RequestOptions): AgentOptions {
  return withoutUndefined({ ca, cert, key, pfx, passphrase, rejectUnauthorized, servername });
}

function createDispatcher(config: KubeConfig, options: RequestOptions): Dispatcher {
  const form = config.createDispatcherOptions(config.getCurrentCluster(), pickTls(options));
  switch (form.type) {
    case "agent":
      return new Agent({ connect: toBuildOptions(form.connect) });
    case "none":
      return new Agent();
    case "proxy":
      return new ProxyAgent({ uri: form.uri, requestTls: toBuildOptions(form.requestTls) });
    case "socks":
      throw new Error("a kubeconfig with a SOCKS proxy can't be used; give the URL of `kubectl proxy` instead");
  }
}

/** Two libraries spell the same TLS options, one with `undefined` allowed; absent members make them equal. */
function toBuildOptions(options: object): buildConnector.BuildOptions {
  return withoutUndefined(options);
}

function withoutUndefined(options: object): object {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

function readHeaders(options: RequestOptions): Record<string, string> {
  const headers: Record<string, string> = {};
  // The library fills a plain object; only arrays would be the other form.
  for (const [name, value] of Object.entries(options.headers ?? {})) {
    if (typeof value === "string") headers[name] = value;
  }
  if (typeof options.auth === "string") {
    headers["authorization"] = `Basic ${Buffer.from(options.auth).toString("base64")}`;
  }
  return headers;
}
