/** The two servers that are compared, as processes on the last core: the webhook as its image runs it, and the one that allows all. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { findFreePort } from "@outrigger/runtime/testing/free-port";
import { waitFor } from "../../fixtures/wait-for.ts";
import { startSubject, type Process, type Subject } from "../sidecar/subject.ts";
import type { Programs } from "./programs.ts";

/** Where the webhook reads namespaces, trust keys and policy from, and where those who ask it are. */
export interface Surroundings {
  /** The value of `--kube`, and the file that it means where it is `kubeconfig`. */
  readonly kube: string;
  readonly kubeconfig?: string;
  /** The namespace of Outrigger's own objects there. */
  readonly ownNamespace: string;
  /** The address under which this machine is asked. */
  readonly address: string;
}

/** A server under measurement. */
export interface Server extends Subject {
  /** PEM of the authority that its certificate is from. */
  readonly authority: string;
  /** Port of health and metrics; absent of the one that has none. */
  readonly adminPort?: number;
  /** Port that collects garbage, of a webhook that was started for that. */
  readonly heapPort?: number;
}

/** Names of the servers. */
export const webhookName = "webhook";
export const noOpName = "no-op webhook";
/** The no-op webhook's program with the webhook's patches. */
export const readyMadeName = "ready-made patches";

/** What starting needs beside the surroundings. */
export interface Place {
  readonly programs: Programs;
  readonly folder: string;
  readonly onStart: (process: Process) => void;
}

/** Starts the webhook and waits until it is ready. `collected`: its garbage can be collected from outside. */
export async function startWebhook(
  { programs, folder, onStart }: Place,
  { kube, kubeconfig, ownNamespace, address }: Surroundings,
  heap: "as shipped" | "collected",
): Promise<Server> {
  const [port, adminPort, heapPort] = [await findFreePort(), await findFreePort(), await findFreePort()];
  const authorityFile = join(folder, `${webhookName}-${port}.crt`);
  const subject = await startSubject({
    name: webhookName,
    args: [
      ...(heap === "collected" ? ["--expose-gc", "--import", programs.collected] : []),
      programs.webhook,
      ...["--listen", `0.0.0.0:${port}`, "--admin", `127.0.0.1:${adminPort}`, "--watch-stdin", "yes"],
      ...["--certificates", "self", "--names", `localhost,127.0.0.1,${address}`, "--ca-out", authorityFile],
      ...["--kube", kube, "--namespace", ownNamespace, "--shutdown-delay", "0s"],
    ],
    ...{ port, core: "last", onStart },
    env: { ...(kubeconfig && { KUBECONFIG: kubeconfig }), BENCH_HEAP_PORT: String(heapPort) },
  });
  await waitFor("the webhook to be ready", async () => (await fetch(`http://127.0.0.1:${adminPort}/readyz`)).ok);
  const authority = await readFile(authorityFile, "utf8");
  return { ...subject, authority, adminPort, ...(heap === "collected" ? { heapPort } : {}) };
}

/** Files of the server that allows all: `record` takes every body that it gets, `patches` has what it hands out. */
export interface NoOpFiles {
  readonly record?: string;
  readonly patches?: string;
}

/** Starts the server that allows all. */
export async function startNoOp(
  { programs, folder, onStart }: Place,
  { address }: Pick<Surroundings, "address">,
  files: NoOpFiles = {},
): Promise<Server> {
  const port = await findFreePort();
  const authorityFile = join(folder, `no-op-${port}.crt`);
  const options = { port: String(port), address, authority: authorityFile, ...files };
  const args = [programs["no-op"], ...Object.entries(options).flatMap(([name, value]) => [`--${name}`, value])];
  const name = files.patches === undefined ? noOpName : readyMadeName;
  const subject = await startSubject({ name, args, port, core: "last", onStart });
  return { ...subject, authority: await readFile(authorityFile, "utf8") };
}
