/**
 * Asks the server what the kubelet would have asked it, from inside the pod: its probes and hooks were led to the sidecar,
 * because the server listens on loopback only. Judges as the kubelet does; decides nothing about MCP.
 */
import { connect } from "node:net";
import type { AppProbe, AppProbeEntry, StdioProbe } from "@outrigger/api/app-probe";
import type { Health } from "@outrigger/api/feed";

/** Undefined where the server is well, else one sentence that the kubelet shows. */
export type AppHealth = string | undefined;

/**
 * Whether a session with a stdio server could be opened now: the sidecar tries that all the time, so it knows. One that never
 * answered yet does not serve, and is alive until it has had its time.
 */
export function judgeStdio({ asks }: StdioProbe, { state, message }: Health): AppHealth {
  const isWell = asks === "Alive" ? state !== "Dead" : state === "Ready" || state === "Degraded";
  return isWell ? undefined : message;
}

/** Runs one probe against loopback. Never throws. */
export async function runAppProbe(probe: AppProbe): Promise<AppHealth> {
  const timeoutMs = (probe.timeoutSeconds ?? 30) * 1_000;
  const asked = await { http: askHttp, tcp: askTcp, grpc: askGrpc }[probe.kind](probe);
  const { promise, cancel } = asked;
  const timer = setTimeout(() => cancel(`no answer within ${timeoutMs / 1_000} s`), timeoutMs);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
  }
}

interface Asked {
  readonly promise: Promise<AppHealth>;
  readonly cancel: (why: string) => void;
}

const host = "localhost";

/** Node's clients are loaded where a probe needs them: few do, and every pod would hold them. */
async function askHttp(probe: AppProbe): Promise<Asked> {
  const { request } = await (probe.scheme === "HTTPS" ? import("node:https") : import("node:http"));
  let cancel: (why: string) => void = () => undefined;
  const promise = new Promise<AppHealth>((resolve) => {
    const outgoing = request(
      {
        host,
        port: probe.port,
        path: probe.path ?? "/",
        agent: false,
        // As the kubelet: it asks whether the server is alive, not who it is.
        rejectUnauthorized: false,
        headers: { "user-agent": "kube-probe/outrigger", ...groupHeaders(probe.headers ?? []) },
      },
      (answer) => {
        answer.resume();
        const status = answer.statusCode ?? 0;
        resolve(status >= 200 && status < 400 ? undefined : `HTTP status ${status}`);
      },
    );
    outgoing.on("error", (error) => resolve(error.message));
    outgoing.end();
    cancel = (why) => {
      resolve(why);
      outgoing.destroy();
    };
  });
  return { promise, cancel };
}

function groupHeaders(headers: readonly { readonly name: string; readonly value: string }[]): Record<string, string[]> {
  const grouped: Record<string, string[]> = {};
  for (const { name, value } of headers) (grouped[name.toLowerCase()] ??= []).push(value);
  return grouped;
}

function askTcp(probe: AppProbe): Asked {
  const socket = connect({ host, port: probe.port });
  const promise = new Promise<AppHealth>((resolve) => {
    socket.once("connect", () => resolve(undefined));
    socket.once("error", (error) => resolve(error.message));
    socket.once("timeout", () => resolve("no connection in time"));
    socket.once("close", () => resolve("the connection was closed"));
  });
  const ended = promise.finally(() => void socket.destroy());
  return { promise: ended, cancel: (why) => void socket.destroy(new Error(why)) };
}

/** SERVING in grpc.health.v1.HealthCheckResponse: field 1, varint 1. Source: grpc/doc/health-checking.md. */
const serving = Buffer.from([0x08, 0x01]);

async function askGrpc(probe: AppProbe): Promise<Asked> {
  const { connect: connectHttp2 } = await import("node:http2");
  const session = connectHttp2(`http://${host}:${probe.port}`);
  let cancel: (why: string) => void = () => undefined;
  const promise = new Promise<AppHealth>((resolve) => {
    cancel = resolve;
    session.on("error", (error: Error) => resolve(error.message));
    const stream = session.request({
      ":method": "POST",
      ":path": "/grpc.health.v1.Health/Check",
      "content-type": "application/grpc",
      te: "trailers",
    });
    const chunks: Buffer[] = [];
    stream.on("data", (chunk: Buffer) => void chunks.push(chunk));
    stream.on("error", (error: Error) => resolve(error.message));
    // A message on the wire: no compression, its length in four bytes, its bytes.
    stream.on("end", () =>
      resolve(Buffer.concat(chunks).subarray(5).equals(serving) ? undefined : "the service is not serving"),
    );
    stream.end(frame(encodeService(probe.service ?? "")));
  });
  return { promise: promise.finally(() => session.destroy()), cancel };
}

function frame(message: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

/** HealthCheckRequest: field 1, the service's name; absent where empty. A Kubernetes port name or label fits one length byte. */
function encodeService(service: string): Buffer {
  const name = Buffer.from(service, "utf8");
  return name.length === 0 ? name : Buffer.concat([Buffer.from([0x0a, ...encodeLength(name.length)]), name]);
}

function encodeLength(length: number): number[] {
  return length < 0x80 ? [length] : [(length & 0x7f) | 0x80, ...encodeLength(length >>> 7)];
}

/** Reads the table of probes: a JSON object from path to probe. Undefined where it is not one. */
export function parseAppProbes(value: unknown): ReadonlyMap<string, AppProbeEntry> | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const entries = Object.entries(value);
  return entries.every(
    (entry): entry is [string, AppProbeEntry] => entry[0].startsWith("/app-") && isAppProbeEntry(entry[1]),
  )
    ? new Map(entries)
    : undefined;
}

/** Reads the table of hooks before a stop: a JSON object from path to whole seconds, at least 1. Undefined where it is not one. */
export function parseStopHooks(value: unknown): ReadonlyMap<string, number> | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const entries = Object.entries(value as Readonly<Record<string, unknown>>);
  const isHook = (entry: [string, unknown]): entry is [string, number] =>
    entry[0].startsWith("/app-") && Number.isSafeInteger(entry[1]) && Number(entry[1]) > 0;
  return entries.every(isHook) ? new Map(entries) : undefined;
}

function isAppProbeEntry(value: unknown): value is AppProbeEntry {
  if (typeof value !== "object" || value === null) return false;
  const { kind, port } = value as Readonly<Record<string, unknown>>;
  return kind === "stdio" || ((kind === "http" || kind === "tcp" || kind === "grpc") && Number.isInteger(port));
}
