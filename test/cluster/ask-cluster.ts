/**
 * Sends the API server one request and takes its JSON. Takes the Kubernetes client for reading kubeconfigs and nothing of our own packages: the bed has
 * to stand while they are being changed. Never retries.
 */
import { request, type RequestOptions } from "node:https";
import { text } from "node:stream/consumers";

const answerWithinMs = 5_000;

/**
 * GETs a path. The type is the caller's word: these are documents of Kubernetes' own API.
 * Rejects like {@link sendToCluster}.
 */
export async function askCluster<T>(kubeconfig: string, path: string): Promise<T> {
  // The body is checked by its status only; its shape is the API's contract.
  return JSON.parse(await sendToCluster(kubeconfig, { path })) as T;
}

/** One request. `body` is sent as JSON; with PATCH it is merged into what is there (RFC 7396). */
export interface ClusterRequest {
  readonly path: string;
  readonly method?: "GET" | "POST" | "PATCH" | "DELETE";
  readonly body?: object;
}

/** Sends a request and gives the answer's text. Rejects where no answer comes within 5 s, or a status that is not 2xx. */
export async function sendToCluster(kubeconfig: string, sent: ClusterRequest): Promise<string> {
  return (await exchange(kubeconfig, sent)).answer;
}

/** The same, for the warnings that come with the answer: what kubectl shows behind `Warning:`. */
export async function readWarnings(kubeconfig: string, sent: ClusterRequest): Promise<readonly string[]> {
  return (await exchange(kubeconfig, sent)).warnings;
}

interface Exchanged {
  readonly answer: string;
  readonly warnings: readonly string[];
}

async function exchange(kubeconfig: string, { path, method, body }: ClusterRequest): Promise<Exchanged> {
  // Loaded here: verbs that ask nothing do not wait for it.
  const { KubeConfig } = await import("@kubernetes/client-node");
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  const server = config.getCurrentCluster()?.server;
  if (server === undefined) throw new Error(`${kubeconfig} names no current cluster`);
  const signal = AbortSignal.timeout(answerWithinMs);
  const type = method === "PATCH" ? "application/merge-patch+json" : "application/json";
  const headers = { accept: "application/json", "content-type": type };
  const options: RequestOptions = { method: method ?? "GET", headers, signal, agent: false };
  await config.applyToHTTPSOptions(options);
  return send(new URL(path, server), options, body === undefined ? "" : JSON.stringify(body));
}

function send(url: URL, options: RequestOptions, body: string): Promise<Exchanged> {
  return new Promise((resolve, reject) => {
    const sent = request(url, options, (response) => {
      const status = response.statusCode ?? 0;
      text(response).then((answer) => {
        if (status >= 200 && status < 300) resolve({ answer, warnings: listWarnings(response.rawHeaders) });
        else reject(new Error(`${url.href} answers ${status}: ${answer.slice(0, 600)}`));
      }, reject);
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

/** Each header `Warning: 299 - "text"`, its text alone. */
function listWarnings(rawHeaders: readonly string[]): readonly string[] {
  const values = rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === "warning");
  // The text is quoted as a JSON string is.
  return values.map((value) => JSON.parse(/^299 \S+ (".*")$/.exec(value)?.[1] ?? '""') as string);
}

/** The API server's version, such as `v1.34.4`. */
export async function readServerVersion(kubeconfig: string): Promise<string> {
  return (await askCluster<{ gitVersion: string }>(kubeconfig, "/version")).gitVersion;
}
