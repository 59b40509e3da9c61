/** For tests: builds the shim by its own Makefile. Where nothing changed that is a look at file times. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL("../../shim/", import.meta.url));
const archs: Readonly<Record<string, string>> = { x64: "amd64", arm64: "arm64" };

/** `static`: what images carry; `sanitized`: the same sources with run-time checks of memory and undefined behaviour. */
export type ShimBuild = "static" | "sanitized";

/** Builds the shim and returns its path. */
export function buildShim(build: ShimBuild = "static"): string {
  execFileSync("make", ["-s", build === "static" ? "all" : "sanitized"], { cwd: folder, stdio: "pipe" });
  const suffix = build === "static" ? "" : "-sanitized";
  return join(folder, "dist", `shim-linux-${archs[process.arch] ?? process.arch}${suffix}`);
}
