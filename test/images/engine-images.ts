/** What the tests do with images on the engine, beyond what testcontainers offers by itself. */
import { createReadStream } from "node:fs";
import { text } from "node:stream/consumers";
import { getContainerRuntimeClient, ImageName } from "testcontainers";

/** Where the repository begins: the context of every build. */
const root = new URL("../..", import.meta.url).pathname;

/** A layer as the engine's history tells of it; the newest comes first. */
export interface HistoryEntry {
  readonly CreatedBy: string;
  readonly Size: number;
}

/** What an image says about itself and how large it is. */
export interface ImageFacts {
  readonly User: string;
  readonly Entrypoint: readonly string[];
  readonly Labels: Readonly<Record<string, string>>;
  readonly sizeBytes: number;
  readonly history: readonly HistoryEntry[];
}

/** Loads an archive. Rejects where the image is not there afterwards. */
export async function loadImage(name: string, file: string): Promise<void> {
  const client = await getContainerRuntimeClient();
  await text(await client.container.dockerode.loadImage(createReadStream(file)));
  if (!(await client.image.exists(ImageName.fromString(name)))) throw new Error(`${name} could not be loaded`);
}

/**
 * Builds an image by its Dockerfile. Rejects where no image comes of it; DEBUG=testcontainers:build shows the engine's words. Not by
 * the builder of GenericContainer: that can't give the build a network, and an engine without a bridge has none to give by itself.
 */
export async function buildImage(name: string, dockerfile: string, buildargs: Record<string, string>): Promise<void> {
  const client = await getContainerRuntimeClient();
  await client.image.build(root, { t: name, dockerfile, buildargs, networkmode: "host" });
  if (!(await client.image.exists(ImageName.fromString(name)))) {
    throw new Error(`${dockerfile} could not be built; DEBUG=testcontainers:build shows why`);
  }
}

/** Asks the engine about an image. */
export async function readImage(name: string): Promise<ImageFacts> {
  const { dockerode } = (await getContainerRuntimeClient()).container;
  const image = dockerode.getImage(name);
  const { Config, Size } = await image.inspect();
  // The engine's interface is untyped here. Source: Docker Engine API 1.41, ImageHistory.
  const history = (await image.history()) as readonly HistoryEntry[];
  return {
    User: Config.User,
    Entrypoint: [Config.Entrypoint ?? []].flat(),
    Labels: Config.Labels,
    sizeBytes: Size,
    history,
  };
}

/** Removes an image by name. */
export async function removeImage(name: string): Promise<void> {
  const { dockerode } = (await getContainerRuntimeClient()).container;
  await dockerode.getImage(name).remove({ force: true });
}
