/**
 * One TCP connection carried to a port of a pod, through the API server: a WebSocket with a channel for data and one for what the
 * kubelet says where the port can't be reached. Says whether the way was opened, so that another pod can be tried.
 * Source: Kubernetes API, pods/portforward over WebSockets (`v4.channel.k8s.io`).
 */
import type { Socket } from "node:net";
import type { WebSocket } from "undici";
import type { SocketAccess } from "./access.ts";
import { readAnswerFailure, toFailure, type ApiFailure } from "./failure.ts";

/** A port of a pod, by number. `onOpen`: the way there is open. */
export interface PodPort {
  readonly namespace: string;
  readonly pod: string;
  readonly port: number;
  readonly onOpen?: () => void;
}

/** How it ended. `unopened`: nothing was sent, and the connection is as it was; `ended`: it is closed, `message` where it was cut. */
export type ForwardOutcome =
  { readonly kind: "unopened"; readonly failure: ApiFailure } | { readonly kind: "ended"; readonly message?: string };

const protocol = "v4.channel.k8s.io";
/** How long the API server and the kubelet may take to open the way, in ms. */
const openWithinMs = 15_000;
/** What may wait to be sent before the connection is read on, in bytes. */
const mostWaiting = 1024 ** 2;
/** How often it is looked whether what waits has been sent, in ms. */
const lookEveryMs = 10;
/** The first frame of each channel repeats the port, two bytes. */
const portBytes = 2;

/** Carries the connection until either side ends it. It must not be read by others. Never rejects. */
export async function forwardToPod(
  access: SocketAccess,
  { namespace, pod, port, onOpen }: PodPort,
  connection: Socket,
): Promise<ForwardOutcome> {
  const path = `/api/v1/namespaces/${namespace}/pods/${pod}/portforward?ports=${port}`;
  try {
    const socket = await access.openSocket(path, protocol);
    socket.binaryType = "arraybuffer";
    if (!(await isOpened(socket))) return { kind: "unopened", failure: await askWhy(access, path) };
    onOpen?.();
    return await carry(socket, connection);
  } catch (error) {
    return { kind: "unopened", failure: toFailure(error) };
  }
}

async function isOpened(socket: WebSocket): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => resolve(false), openWithinMs);
  socket.addEventListener("open", () => resolve(true), { once: true });
  socket.addEventListener("error", () => resolve(false), { once: true });
  socket.addEventListener("close", () => resolve(false), { once: true });
  const isOpen = await promise;
  clearTimeout(timer);
  if (!isOpen) socket.close();
  return isOpen;
}

/** A WebSocket does not tell what it was refused with; the same request without the upgrade is answered in words. */
async function askWhy(access: SocketAccess, path: string): Promise<ApiFailure> {
  const signal = AbortSignal.timeout(openWithinMs);
  const answer = await access.send({ path, signal, idleTimeoutMs: openWithinMs });
  const failure = await readAnswerFailure(answer);
  // 400: the pod is there and would take an upgrade, so that it was the way there that failed.
  return failure.status === 400
    ? { kind: "refused", message: "the API server did not open the way to the pod" }
    : failure;
}

async function carry(socket: WebSocket, connection: Socket): Promise<ForwardOutcome> {
  const { promise, resolve } = Promise.withResolvers<ForwardOutcome>();
  const skipped = [0, 0];
  let said = "";
  socket.addEventListener("message", ({ data }) => {
    const bytes = Buffer.from(data as ArrayBuffer);
    const channel = bytes[0] ?? 0;
    const skip = Math.min(bytes.length - 1, portBytes - (skipped[channel] ?? portBytes));
    skipped[channel] = (skipped[channel] ?? portBytes) + skip;
    const content = bytes.subarray(1 + skip);
    if (channel === 1) said += content.toString("utf8");
    else if (content.length > 0) connection.write(content);
    if (said !== "") socket.close();
  });
  socket.addEventListener("close", () => {
    resolve(said === "" ? { kind: "ended" } : { kind: "ended", message: said.trim().slice(0, 300) });
    connection.end();
    connection.destroySoon();
  });
  connection.on("data", (chunk: Buffer) => {
    if (socket.readyState !== socket.OPEN) return;
    socket.send(Buffer.concat([Buffer.from([0]), chunk]));
    if (socket.bufferedAmount > mostWaiting) readOnLater(socket, connection);
  });
  connection.on("error", () => socket.close());
  connection.on("close", () => socket.close());
  connection.resume();
  return promise;
}

/** A WebSocket has no event for a buffer that has become empty. */
function readOnLater(socket: WebSocket, connection: Socket): void {
  connection.pause();
  const timer = setInterval(() => {
    if (socket.readyState === socket.OPEN && socket.bufferedAmount > mostWaiting) return;
    clearInterval(timer);
    connection.resume();
  }, lookEveryMs);
}
