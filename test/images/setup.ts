/**
 * Brings the engine and the images that builds start from, once for all files. Where there is no engine, the tests are skipped with
 * the reason, but in CI the run fails: there a skipped tier would look like a passed one.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { createProgress, toProgressOutput } from "../cluster/progress.ts";
import { makeCompilerImage, makeNodeBuildImage } from "./build-images.ts";
import { openEngine, useEngine } from "./engine.ts";
import { loadImage, removeImage } from "./engine-images.ts";

/** The engine that the tests use, or why there is none. `host` is DOCKER_HOST. */
export type ProvidedEngine =
  { readonly ok: true; readonly host?: string } | { readonly ok: false; readonly reason: string };

declare module "vitest" {
  // The interface is vitest's own, made to be extended.
  interface ProvidedContext {
    readonly engine: ProvidedEngine;
  }
}

/** Called by vitest before any test; what it returns is called after all. */
export default async function setUp(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const progress = createProgress(toProgressOutput(process.stderr, process.env));
  const engine = await openEngine(process.env, progress);
  if (!engine.ok) {
    if (process.env["CI"] === "true") throw new Error(engine.reason);
    progress.note(`${engine.reason}\n  so every test of this tier is skipped`);
    project.provide("engine", engine);
    return undefined;
  }
  const { host, close } = engine;
  const folder = await mkdtemp(join(tmpdir(), "outrigger-build-images-"));
  const loaded: string[] = [];
  const tearDown = async (): Promise<void> => {
    for (const name of loaded) await removeImage(name);
    await close();
  };
  try {
    if (host !== undefined) useEngine(host);
    for (const make of [makeNodeBuildImage, makeCompilerImage]) {
      const { name, file } = await make(folder);
      await progress.step(name, () => loadImage(name, file));
      loaded.push(name);
    }
  } catch (error) {
    await tearDown();
    throw error;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  project.provide("engine", { ok: true, ...(host === undefined ? {} : { host }) });
  return tearDown;
}
