/**
 * A Docker engine of this run's own, for root on Linux: its files in one folder, its processes and mounts in namespaces that end with
 * it, no bridge and no rule of iptables. Containers have the host's network or none.
 */
import { mkdirSync, readdirSync, readFileSync, rmdirSync, existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemPath } from "../cluster/run.ts";
import { startProgram, type Program } from "../fixtures/program.ts";
import { waitFor } from "../fixtures/wait-for.ts";

/** A running engine. */
export interface Daemon {
  /** As in DOCKER_HOST. */
  readonly host: string;
  /** Ends it and removes everything that it made. */
  readonly stop: () => Promise<void>;
}

/** Folders outside its own that it writes to or looks into, whatever it is told; it gets empty ones instead. */
const hidden = ["/etc/docker", "/run/docker", "/run/containerd"];

const readyWithinMs = 60_000;
const endWithinMs = 30_000;

/** Starts the engine. Rejects with the end of its log where it does not answer in time. */
export async function startDaemon(): Promise<Daemon> {
  const folder = await mkdtemp(join(tmpdir(), "outrigger-docker-"));
  const group = `outrigger-images-${process.pid}`;
  const made = hidden.flatMap((path) => mkdirSync(path, { recursive: true }) ?? []);
  const program = await launch(folder, group);
  const stop = async (): Promise<void> => {
    await endInOrder(program);
    removeGroups(group);
    for (const path of made) rmdirSync(path);
    await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  };
  const socket = join(folder, "docker.sock");
  try {
    await program.whenReady(
      waitFor("the engine answers", () => ping(socket), readyWithinMs),
      readyWithinMs,
    );
  } catch (error) {
    await stop();
    throw error;
  }
  return { host: `unix://${socket}`, stop };
}

async function launch(folder: string, group: string): Promise<Program> {
  // A file of its own: that of the machine's engine is none of ours.
  await writeFile(join(folder, "daemon.json"), "{}");
  const places = ["data-root", "exec-root", "pidfile", "config-file"].flatMap((flag) => {
    return [`--${flag}`, join(folder, flag === "config-file" ? "daemon.json" : flag)];
  });
  const network = ["--bridge=none", "--iptables=false", "--ip6tables=false", "--ip-forward=false", "--ip-masq=false"];
  const groups = ["--cgroup-parent", `/${group}`, "--exec-opt", "native.cgroupdriver=cgroupfs"];
  const daemon = ["dockerd", "--host", `unix://${join(folder, "docker.sock")}`, ...places, ...network, ...groups];
  const script = `for path in ${hidden.join(" ")}; do mount -t tmpfs tmpfs "$path"; done; exec "$@"`;
  const namespaces = ["--mount", "--propagation", "private", "--pid", "--fork", "--mount-proc", "--kill-child"];
  const env = { ...process.env, PATH: `${process.env["PATH"] ?? ""}:${systemPath}` };
  return startProgram(["unshare", ...namespaces, "sh", "-c", script, "sh", ...daemon], { env, endWithinMs: 1_000 });
}

/** The engine first, by its own pid, so that it ends its containers; whatever is left goes with its namespace. */
async function endInOrder(program: Program): Promise<void> {
  const [child] = existsSync(`/proc/${program.pid}`) ? readChildren(program.pid) : [];
  if (child !== undefined) process.kill(child, "SIGTERM");
  const timer = setTimeout(() => void program.stop(), endWithinMs);
  await program.ended.finally(() => clearTimeout(timer));
}

function readChildren(pid: number): readonly number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").filter(Boolean).map(Number);
}

/** Removes the control groups of that name: one of each controller, or one in all. */
function removeGroups(name: string): void {
  const root = "/sys/fs/cgroup";
  const controllers = readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  for (const parent of [root, ...controllers.map((entry) => join(root, entry.name))]) removeGroup(join(parent, name));
}

function removeGroup(path: string): void {
  if (!existsSync(path)) return;
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    if (entry.isDirectory()) removeGroup(join(path, entry.name));
  }
  rmdirSync(path);
}

function ping(socketPath: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath, path: "/_ping" }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    asked.on("error", reject).end();
  });
}
