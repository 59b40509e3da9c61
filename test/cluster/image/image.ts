/**
 * Makes a container image without Docker and without a registry. The archive is an OCI layout and a docker archive at once, so that
 * `ctr images import`, `docker load` and `kind load image-archive` take it.
 */
import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { describeBlob, packFolder, packLayer, type Blob, type Layer } from "./layer.ts";

/** What an image says about itself. */
export interface ImageConfig {
  readonly entrypoint?: readonly string[];
  readonly cmd?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** `uid:gid`; absent means root. */
  readonly user?: string;
  readonly workdir?: string;
  readonly labels?: Readonly<Record<string, string>>;
}

/** An image to be made. `name` carries host and tag, such as `localhost/app:1`; `file` is the archive's path. */
export interface ImageOptions extends ImageConfig {
  readonly name: string;
  readonly file: string;
  /** From the bottom to the top. */
  readonly layers: readonly Layer[];
}

/** A layer as it is in the image. */
export interface PackedLayer {
  readonly name: string;
  readonly digest: string;
  /** Uncompressed, as a tar. */
  readonly sizeBytes: number;
}

/** A made image. */
export interface Image {
  readonly name: string;
  readonly file: string;
  /** Digest of the manifest. */
  readonly digest: string;
  readonly layers: readonly PackedLayer[];
}

const media = "application/vnd.oci.image";

/** Makes the image. The same options give the same bytes. */
export async function makeImage(options: ImageOptions): Promise<Image> {
  const work = await mkdtemp(join(tmpdir(), "outrigger-image-"));
  const blobs = join(work, "blobs/sha256");
  try {
    await mkdir(blobs, { recursive: true });
    const layers: Blob[] = [];
    for (const layer of options.layers) layers.push(await keep(await packLayer(layer, work), blobs));
    const config = await writeBlob(work, blobs, describeConfig(options, layers));
    const manifest = await writeBlob(work, blobs, describeManifest(config, layers));
    await writeLayout(work, { name: options.name, config, manifest, layers });
    await mkdir(dirname(options.file), { recursive: true });
    await packFolder(work, options.file, ["oci-layout", "index.json", "manifest.json", "blobs"]);
    const named = layers.map(({ digest, sizeBytes }, index) => ({
      name: options.layers[index]?.name ?? "",
      digest,
      sizeBytes,
    }));
    return { name: options.name, file: options.file, digest: manifest.digest, layers: named };
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

function describeConfig(options: ImageOptions, layers: readonly Blob[]): object {
  const { entrypoint, cmd, env, user, workdir, labels } = options;
  return {
    architecture: toOciArchitecture(process.arch),
    os: "linux",
    config: {
      ...(entrypoint === undefined ? {} : { Entrypoint: entrypoint }),
      ...(cmd === undefined ? {} : { Cmd: cmd }),
      Env: Object.entries({ PATH: "/usr/local/bin:/usr/bin:/bin", ...env }).map(([name, value]) => `${name}=${value}`),
      User: user ?? "",
      WorkingDir: workdir ?? "/",
      ...(labels === undefined ? {} : { Labels: labels }),
    },
    rootfs: { type: "layers", diff_ids: layers.map((layer) => layer.digest) },
    history: options.layers.map((layer) => ({ created_by: layer.name })),
  };
}

function describeManifest(config: Blob, layers: readonly Blob[]): object {
  return {
    schemaVersion: 2,
    mediaType: `${media}.manifest.v1+json`,
    config: toDescriptor(config, "config.v1+json"),
    layers: layers.map((layer) => toDescriptor(layer, "layer.v1.tar")),
  };
}

interface Layout {
  readonly name: string;
  readonly config: Blob;
  readonly manifest: Blob;
  readonly layers: readonly Blob[];
}

/** Source: OCI image layout 1.0; the archive format of `docker save`, which reads manifest.json. */
async function writeLayout(work: string, { name, config, manifest, layers }: Layout): Promise<void> {
  const annotations = {
    "io.containerd.image.name": name,
    "org.opencontainers.image.ref.name": name.slice(name.lastIndexOf(":") + 1),
  };
  const index = { schemaVersion: 2, manifests: [{ ...toDescriptor(manifest, "manifest.v1+json"), annotations }] };
  const docker = [{ Config: toPath(config), RepoTags: [name], Layers: layers.map(toPath) }];
  await writeFile(join(work, "oci-layout"), JSON.stringify({ imageLayoutVersion: "1.0.0" }));
  await writeFile(join(work, "index.json"), JSON.stringify(index));
  await writeFile(join(work, "manifest.json"), JSON.stringify(docker));
}

function toDescriptor(blob: Blob, kind: string): object {
  return { mediaType: `${media}.${kind}`, digest: blob.digest, size: blob.sizeBytes };
}

function toPath(blob: Blob): string {
  return `blobs/sha256/${basename(blob.file)}`;
}

async function writeBlob(work: string, blobs: string, content: object): Promise<Blob> {
  const file = join(work, "blob.json");
  await writeFile(file, JSON.stringify(content));
  return keep(await describeBlob(file), blobs);
}

/** Moves a blob to where its digest says. */
async function keep(blob: Blob, blobs: string): Promise<Blob> {
  const file = join(blobs, blob.digest.slice("sha256:".length));
  await rename(blob.file, file);
  return { ...blob, file };
}

function toOciArchitecture(arch: string): string {
  return arch === "x64" ? "amd64" : arch;
}
