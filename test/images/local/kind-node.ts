/**
 * A container that kind takes for the node of a cluster: containerd of this machine, with kind's labels. No kubelet runs in it; what kind
 * does when it loads an image is the same. Source: kind, pkg/cluster/internal/providers/docker and nodeutils.LoadImageArchive.
 */
import { randomUUID } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { makeImage } from "../../cluster/image/image.ts";
import type { LayerEntry } from "../../cluster/image/layer.ts";
import { baseLayer, findLibraries } from "../../cluster/image/runtime-layers.ts";
import { run } from "../../cluster/run.ts";
import { waitFor } from "../../fixtures/wait-for.ts";
import { loadImage, removeImage } from "../engine-images.ts";
import { findProgram } from "./find-program.ts";

/** A cluster of one such node. */
export interface KindCluster {
  readonly name: string;
  /** Folder with the docker that kind shall find. */
  readonly programs: string;
  /** Names of the images that its container runtime has for pods. */
  readonly listImages: () => Promise<readonly string[]>;
  readonly stop: () => Promise<void>;
}

const image = "localhost/outrigger-kind-node:1";

/** Starts it on the engine; `folder` gets the archive of its image. Rejects where containerd is not there, or does not start. */
export async function startKindCluster(folder: string): Promise<KindCluster> {
  const { file } = await makeImage({
    name: image,
    file: join(folder, "kind-node.tar"),
    layers: [baseLayer, { name: "containerd", entries: await findRuntime() }],
    entrypoint: ["/usr/bin/containerd"],
  });
  await loadImage(image, file);
  const name = `outrigger-${randomUUID().slice(0, 8)}`;
  const node = `${name}-control-plane`;
  const labels = [`io.x-k8s.kind.cluster=${name}`, "io.x-k8s.kind.role=control-plane"];
  const rights = [
    "--cap-add",
    "SYS_ADMIN",
    "--security-opt",
    "seccomp=unconfined",
    "--security-opt",
    "apparmor=unconfined",
  ];
  // Snapshots can't lie on those of the engine, and the engine may have no bridge.
  const place = [...rights, "--network", "none", "--volume", "/var/lib/containerd", "--volume", "/run"];
  await run([
    "docker",
    "run",
    "--detach",
    "--name",
    node,
    ...labels.flatMap((each) => ["--label", each]),
    ...place,
    image,
  ]);
  const ctr = (...words: string[]): Promise<string> => run(["docker", "exec", node, "ctr", ...words]);
  const stop = async (): Promise<void> => {
    await run(["docker", "rm", "--force", "--volumes", node]);
    await removeImage(image);
  };
  try {
    await waitFor("containerd in the node", () => ctr("version").then(() => true));
  } catch (error) {
    const log = await run(["docker", "logs", "--tail", "5", node]);
    await stop();
    throw new Error(`the node's containerd does not answer: ${log}`, { cause: error });
  }
  const listImages = async (): Promise<readonly string[]> =>
    (await ctr("--namespace", "k8s.io", "images", "ls", "--quiet")).trim().split("\n");
  return { name, programs: await makePrograms(folder), listImages, stop };
}

/**
 * The machine of the engine may not have every capability that there is, and then refuses what is privileged. kind asks for that in
 * each command, where loading images does not need it.
 */
async function makePrograms(folder: string): Promise<string> {
  const programs = join(folder, "programs");
  const docker = await findProgram("docker", "it is needed to run a node");
  const without = 'for word do shift; [ "$word" = --privileged ] || set -- "$@" "$word"; done';
  await mkdir(programs, { recursive: true });
  await writeFile(join(programs, "docker"), `#!/bin/sh\n${without}\nexec ${docker} "$@"\n`, { mode: 0o755 });
  return programs;
}

async function findRuntime(): Promise<readonly LayerEntry[]> {
  const programs = ["containerd", "ctr"].map(async (name) => {
    const from = await findProgram(name, "the node of a kind cluster has one; Debian's package is containerd");
    const own: LayerEntry = { kind: "copy", path: `/usr/bin/${name}`, from, mode: 0o755 };
    return [own, ...(await findLibraries(from))];
  });
  const config: LayerEntry = { kind: "text", path: "/etc/containerd/config.toml", text: "version = 2\n" };
  // Both need the same libraries.
  return [config, ...new Map((await Promise.all(programs)).flat().map((entry) => [entry.path, entry])).values()];
}
