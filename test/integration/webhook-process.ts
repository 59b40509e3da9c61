/** A real webhook process for the tests beside this file: started on free ports, spoken to over TLS, ended by its own pid. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { request as requestHttp } from "node:http";
import { Agent, request as requestHttps } from "node:https";
import { join } from "node:path";
import { execPath } from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const sourceProgram = fileURLToPath(new URL("../../webhook/src/main.ts", import.meta.url));

/** One line of the log. */
type LogLine = Readonly<Record<string, unknown>>;

/** An HTTP answer. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** A running webhook. */
export interface WebhookProcess {
  readonly folder: string;
  readonly pid: number;
  readonly tlsPort: number;
  readonly adminPort: number;
  readonly logs: () => readonly LogLine[];
  /** The certificate to trust, of a webhook that made its own. */
  readonly authority: () => string;
  readonly signal: (name: NodeJS.Signals) => void;
  /** Exit code, once it has ended. */
  readonly ended: Promise<number | null>;
  readonly stop: () => Promise<void>;
}

/** Runs the program to its end, for starts that are meant to fail. */
export async function runToEnd(
  args: readonly string[],
): Promise<{ readonly code: number | null; readonly stderr: string }> {
  const child = spawn(execPath, ["--conditions=outrigger-source", sourceProgram, ...args], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  await once(child, "close");
  return { code: child.exitCode, stderr };
}

/** What it says when the wait is over, and another program than that of the sources. */
export interface WebhookLaunch {
  readonly until?: string;
  readonly program?: string;
}

/**
 * Starts a webhook on free ports and waits until it listens, or says something else: then `tlsPort` may not be known yet.
 * The certificate of an authority of its own lies in `folder`.
 */
export async function startWebhook(
  folder: string,
  args: readonly string[] = [],
  { until = "listening", program = sourceProgram }: WebhookLaunch = {},
): Promise<WebhookProcess> {
  const caFile = join(folder, "ca.crt");
  const own = [
    "--listen",
    "127.0.0.1:0",
    "--admin",
    "127.0.0.1:0",
    "--ca-out",
    caFile,
    "--poll-interval",
    "50ms",
    "--shutdown-delay",
    "0s",
  ];
  const child = spawn(execPath, ["--conditions=outrigger-source", program, ...own, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const lines: LogLine[] = [];
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const ended = once(child, "close").then(() => child.exitCode);
  const listening = new Promise<LogLine>((resolve, reject) => {
    createInterface({ input: child.stdout }).on("line", (text) => {
      // Every line of the log is a JSON object; a line that is not fails the test here.
      const line = JSON.parse(text) as LogLine;
      lines.push(line);
      if (line["msg"] === until) resolve(line);
    });
    void ended.then((code) => reject(new Error(`the webhook ended with ${code}: ${stderr}`)));
  });
  const { tlsPort, adminPort } = await listening;
  return {
    folder,
    pid: child.pid ?? 0,
    tlsPort: Number(tlsPort),
    adminPort: Number(adminPort),
    logs: () => lines,
    authority: () => readFileSync(caFile, "utf8"),
    signal: (name) => void child.kill(name),
    ended,
    stop: async () => {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

/** How a request differs from an ordinary review. */
export interface PostOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly agent?: Agent;
  readonly ca?: string;
}

/** Sends a body to the webhook over TLS, trusting its authority. */
export async function post(
  webhook: WebhookProcess,
  path: string,
  body: string | Buffer,
  options: PostOptions = {},
): Promise<Answer> {
  const { method = "POST", headers = { "content-type": "application/json" }, agent, ca } = options;
  const request = requestHttps({
    host: "127.0.0.1",
    port: webhook.tlsPort,
    servername: "localhost",
    path,
    method,
    headers: { ...headers, "content-length": String(Buffer.byteLength(body)) },
    ca: ca ?? webhook.authority(),
    agent: agent ?? new Agent({ keepAlive: false }),
  });
  return finish(request.end(body));
}

/** Gets a path of the admin port. */
export const getAdmin = (webhook: WebhookProcess, path: string): Promise<Answer> =>
  finish(requestHttp({ host: "127.0.0.1", port: webhook.adminPort, path, agent: false }).end());

async function finish(request: ReturnType<typeof requestHttp>): Promise<Answer> {
  return new Promise((resolve, reject) => {
    request.on("error", reject).on("response", (response) => {
      const chunks: Buffer[] = [];
      response
        .on("data", (chunk: Buffer) => chunks.push(chunk))
        .on("error", reject)
        .on("end", () => {
          const body = Buffer.concat(chunks).toString("utf8");
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body });
        });
    });
  });
}

/** A pod that is injected without questions. */
export const plainPod = {
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "", generateName: "search-", labels: { "outrigger.dev/inject": "enabled" } },
  spec: { containers: [{ name: "app", image: "registry.example.com/search:1", ports: [{ containerPort: 8080 }] }] },
};

/** An AdmissionReview as an API server sends it. */
export function reviewOf(pod: unknown, change: object = {}): string {
  const request = {
    uid: "0f7c1c9e-0d5c-4d5e-8a53-000000000001",
    kind: { group: "", version: "v1", kind: "Pod" },
    resource: { group: "", version: "v1", resource: "pods" },
    namespace: "tools",
    operation: "CREATE",
    userInfo: {
      username: "system:serviceaccount:kube-system:replicaset-controller",
      groups: ["system:serviceaccounts"],
    },
    object: pod,
    dryRun: false,
    ...change,
  };
  return JSON.stringify({ apiVersion: "admission.k8s.io/v1", kind: "AdmissionReview", request });
}
