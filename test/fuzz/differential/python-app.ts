/** A server of the Python SDK that runs any tool and says its name. Its packages are installed once, as the list beside this pins them. */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { repositoryRoot } from "../../demo/stage/root.ts";
import { startProgram } from "../../fixtures/program.ts";
import { allowedTools, deniedTools } from "../names.ts";
import type { RecordingApp } from "./sdk-apps.ts";

const run = promisify(execFile);
const lock = join(import.meta.dirname, "python-packages.txt");

/** Installs the packages into the cache of this checkout; a folder that exists is complete. Rejects without Python and its pip. */
async function installPackages(): Promise<string> {
  const hash = createHash("sha256").update(readFileSync(lock)).digest("hex").slice(0, 12);
  const folder = join(repositoryRoot, ".cache", `python-sdk-${hash}`);
  if (existsSync(folder)) return folder;
  const half = `${folder}.half-${process.pid}`;
  await mkdir(half, { recursive: true });
  try {
    const only = ["--no-deps", "--only-binary=:all:"];
    await run("python3", ["-m", "pip", "install", "--quiet", ...only, "--target", half, "--requirement", lock]);
    await rename(half, folder);
  } finally {
    await rm(half, { recursive: true, force: true });
  }
  return folder;
}

/** Starts the server. */
export async function startPythonApp(): Promise<RecordingApp> {
  const env = { ...process.env, PYTHONPATH: await installPackages(), PYTHONUNBUFFERED: "1" };
  const ran: string[] = [];
  const listening = Promise.withResolvers<number>();
  const names = JSON.stringify([...allowedTools, ...deniedTools]);
  const program = startProgram(["python3", join(import.meta.dirname, "python-app.py"), names], {
    env,
    onLine: (line) => {
      // The program beside this writes one JSON object per line.
      const said = JSON.parse(line) as { readonly port?: number; readonly ran?: string };
      if (said.port !== undefined) listening.resolve(said.port);
      if (said.ran !== undefined) ran.push(said.ran);
    },
  });
  const port = await program.whenReady(listening.promise, 60_000);
  const close = async (): Promise<void> => {
    await program.stop();
  };
  return { port, ran, close };
}
