/** Starts an image as a restricted pod would: root file system read-only, no capability, no way to more rights, the image's own user. */
import { createWriteStream } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { GenericContainer, getContainerRuntimeClient, PullPolicy, Wait } from "testcontainers";
import type { StartedTestContainer, WaitStrategy } from "testcontainers";
import { onTestFinished } from "vitest";
import { run } from "../cluster/run.ts";
import { makeTestFolder } from "../fixtures/temporary-folder.ts";
import { waitFor } from "../fixtures/wait-for.ts";

/** How an image is started. */
export interface StartOptions {
  readonly image: string;
  readonly args: readonly string[];
  /** Folders of this machine by their path in the container. */
  readonly folders?: Readonly<Record<string, string>>;
  /** What the start waits for: a line, the process, or its end with 0. */
  readonly until: RegExp | "started" | "ended";
}

/** How a container ended. `exitCode` is 137 where it had to be killed. */
export interface ContainerEnd {
  readonly exitCode: number;
  readonly tookMs: number;
}

/** A started container. It is removed when the test is over. */
export interface RestrictedContainer {
  /** What it has written so far, both streams. */
  readonly output: () => string;
  /** Fields of the first log line with the message "listening", as soon as it has come. */
  readonly listening: () => Promise<Readonly<Record<string, unknown>>>;
  /** Absolute paths of every file in it. */
  readonly listFiles: () => Promise<readonly string[]>;
  /** Ends it by SIGTERM, by force after `withinMs`. */
  readonly stop: (withinMs: number) => Promise<ContainerEnd>;
}

class Restricted extends GenericContainer {
  constructor(image: string) {
    super(image);
    this.hostConfig.ReadonlyRootfs = true;
  }
}

/** Starts the image on the host's network: the engine may have no other, and programs listen on loopback here. */
export async function startRestricted(options: StartOptions): Promise<RestrictedContainer> {
  let output = "";
  const mounts = Object.entries(options.folders ?? {}).map(([target, source]) => ({ source, target }));
  const container = new Restricted(options.image)
    .withPullPolicy(PullPolicy.neverPull())
    .withNetworkMode("host")
    .withDroppedCapabilities("ALL")
    .withSecurityOpt("no-new-privileges")
    .withCommand([...options.args])
    .withBindMounts(mounts)
    .withLogConsumer((stream) => stream.on("data", (text: string) => (output += text)))
    .withWaitStrategy(toWaitStrategy(options.until));
  const started = await container.start().catch((error: unknown) => {
    throw new Error(`${options.image} ${options.args.join(" ")}: ${output}`, { cause: error });
  });
  onTestFinished(() => remove(started));
  return {
    output: () => output,
    listening: () => waitFor("it says where it listens", () => findListening(output)),
    listFiles: () => listFiles(started),
    stop: (withinMs) => stop(started, withinMs),
  };
}

function toWaitStrategy(until: StartOptions["until"]): WaitStrategy {
  if (until === "started") return Wait.forAll([]);
  return until === "ended" ? Wait.forOneShotStartup() : Wait.forLogMessage(until);
}

async function stop(started: StartedTestContainer, withinMs: number): Promise<ContainerEnd> {
  const { container } = await getContainerRuntimeClient();
  const own = container.getById(started.getId());
  const beganMs = performance.now();
  await container.stop(own, { timeout: withinMs });
  const tookMs = performance.now() - beganMs;
  return { exitCode: (await container.inspect(own)).State.ExitCode, tookMs };
}

async function remove(started: StartedTestContainer): Promise<void> {
  const { dockerode } = (await getContainerRuntimeClient()).container;
  await dockerode.getContainer(started.getId()).remove({ force: true, v: true });
}

function findListening(output: string): Readonly<Record<string, unknown>> | undefined {
  const line = output.split("\n").find((each) => each.includes('"msg":"listening"') && each.endsWith("}"));
  // Every line of the log is a JSON object; one that is not fails the test here.
  return line === undefined ? undefined : (JSON.parse(line) as Readonly<Record<string, unknown>>);
}

async function listFiles(started: StartedTestContainer): Promise<readonly string[]> {
  const file = join(makeTestFolder("image-files"), "root.tar");
  await pipeline(await started.copyArchiveFromContainer("/"), createWriteStream(file));
  const names = (await run(["tar", "-tf", file])).split("\n");
  return names.filter((name) => name !== "" && !name.endsWith("/")).map((name) => name.replace(/^\.?\/?/, "/"));
}
