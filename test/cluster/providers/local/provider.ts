/**
 * A cluster of upstream Kubernetes on this machine: needs root on Linux, Debian's containerd and runc, and binaries that are built
 * from source once. It lives in namespaces and a cgroup of its own.
 */
import { auditFiles } from "./control-plane/audit.ts";
import { findBinaries } from "./binaries/binaries.ts";
import { describeInstall, findMissingPackages, installPackages } from "./host/packages.ts";
import { withLock } from "./host/lock.ts";
import { toNodeCommand } from "./node/namespaces.ts";
import { readLocalSettings, type LocalSettings } from "./settings.ts";
import { importImages, startCluster } from "./start.ts";
import { isRunning, readLocalStatus } from "./status.ts";
import { hasAnything, stopCluster } from "./stop.ts";
import type { Progress } from "../../progress.ts";
import type { Availability, ClusterProvider, Environment } from "../../provider.ts";
import { runAttached } from "../../run.ts";

/** Creates the provider. Throws where a setting can't be used. */
export function createLocalProvider(env: Environment): ClusterProvider {
  const settings = readLocalSettings(env);
  const lock = `${settings.stateFolder}.lock`;
  const mayInstall = env["CI"] === "true";
  return {
    name: "local",
    kubeconfig: settings.kubeconfig,
    capabilities: {
      networkPolicy: "kube-router's controller (iptables)",
      podAccess: "direct",
      nodeAccess: "commands",
      images: "imported",
      secretsAudit: auditFiles(settings).log,
    },
    checkAvailable: () => Promise.resolve(checkMachine(mayInstall)),
    isUp: () => isRunning(settings),
    up: (progress) => withLock(lock, () => bringUp(settings, progress)),
    down: (progress) => withLock(lock, () => takeDown(settings, progress)),
    loadImages: (tars) => importImages(settings, tars),
    readStatus: () => readLocalStatus(settings),
    runOnNode: (command) => runAttached(toNodeCommand(settings, command)),
  };
}

function checkMachine(mayInstall: boolean): Availability {
  if (process.platform !== "linux") return { isAvailable: false, reason: "needs Linux" };
  if (process.getuid?.() !== 0) return { isAvailable: false, reason: "needs root" };
  const missing = findMissingPackages();
  if (missing.length === 0 || mayInstall) return { isAvailable: true };
  return { isAvailable: false, reason: `needs packages: ${describeInstall(missing)}` };
}

async function bringUp(settings: LocalSettings, progress: Progress): Promise<void> {
  if (await isRunning(settings)) return;
  const missing = findMissingPackages();
  if (missing.length > 0) await progress.step(`packages: ${missing.join(" ")}`, () => installPackages(missing));
  if (await hasAnything(settings))
    await progress.step("rest of an earlier start cleared away", () => stopCluster(settings));
  await startCluster(settings, await findBinaries(settings, progress), progress);
}

async function takeDown(settings: LocalSettings, progress: Progress): Promise<void> {
  if (await hasAnything(settings)) await progress.step("everything ended and removed", () => stopCluster(settings));
  else progress.note("nothing to end");
}
