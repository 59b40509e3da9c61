/** For tests: a shim that runs in front of a command, and peers that are connected to it. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { makeTestFolder } from "../fixtures/temporary-folder.ts";
import { waitFor } from "../fixtures/wait-for.ts";

/** A running shim. `ended` gives its exit code, or the name of the signal. */
export interface RunningShim {
  readonly pid: number;
  readonly socket: string;
  readonly folder: string;
  readonly said: () => string;
  readonly kill: (signal: NodeJS.Signals) => void;
  readonly ended: Promise<number | string>;
}

/** How a shim is started. `binary` is the built file; `options` stand before `--`. */
export interface ShimStart {
  readonly binary: string;
  readonly command: readonly string[];
  readonly options?: readonly string[];
  readonly folder?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Starts a shim and waits for its socket; it is ended with the running test. */
export async function startShim(start: ShimStart): Promise<RunningShim> {
  const folder = start.folder ?? makeTestFolder("shim");
  const socket = join(folder, "stdio.sock");
  const child = spawn(start.binary, ["--socket", socket, ...(start.options ?? []), "--", ...start.command], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { PATH: process.env["PATH"], ...start.env },
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (said += chunk.toString()));
  const ended = once(child, "close").then(([code, signal]) => (code ?? signal) as number | string);
  onTestFinished(() => {
    child.kill("SIGKILL");
    return ended.then(() => undefined);
  });
  await waitFor("the shim listens", () => (child.exitCode === null ? existsSync(socket) : true));
  if (child.exitCode !== null) throw new Error(`the shim has ended: ${said}`);
  return { pid: child.pid ?? 0, socket, folder, said: () => said, kill: (signal) => void child.kill(signal), ended };
}

/** A connected peer. `heard` is all that came so far; `ended` gives all when the shim has closed its side. */
export interface Peer {
  readonly socket: Socket;
  readonly heard: () => Buffer;
  readonly text: () => string;
  readonly ended: Promise<string>;
  readonly failed: () => string | undefined;
}

/** Connects; a peer may close one direction and go on with the other. */
export async function connectPeer({ socket: path }: Pick<RunningShim, "socket">): Promise<Peer> {
  const socket = connect({ path, allowHalfOpen: true });
  const chunks: Buffer[] = [];
  let failure: string | undefined;
  socket.on("data", (chunk: Buffer) => void chunks.push(chunk));
  socket.on("error", (error: NodeJS.ErrnoException) => (failure = error.code));
  onTestFinished(() => void socket.destroy());
  const heard = (): Buffer => Buffer.concat(chunks);
  const ended = new Promise<string>((resolve) => {
    socket.once("end", () => resolve(heard().toString()));
    socket.once("close", () => resolve(heard().toString()));
  });
  await once(socket, "connect");
  return { socket, heard, text: () => heard().toString(), ended, failed: () => failure };
}

/** Connects, sends, closes its own side and gives all that came back. */
export async function exchange(shim: Pick<RunningShim, "socket">, sent: string | Buffer): Promise<string> {
  const peer = await connectPeer(shim);
  peer.socket.end(sent);
  const heard = await peer.ended;
  peer.socket.destroy();
  return heard;
}

/** Waits until a peer has heard so many lines, and gives them. */
export async function hearLines(peer: Peer, count: number): Promise<readonly string[]> {
  await waitFor(`${count} lines`, () => peer.text().split("\n").length > count);
  return peer.text().split("\n").slice(0, count);
}
