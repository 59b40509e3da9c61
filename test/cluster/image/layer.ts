/**
 * Makes one layer of an image: a tar whose bytes depend only on paths, modes and contents. Owner is always 0:0 and the time 1970,
 * so that the same files give the same digest on every machine. Packing is GNU tar's work.
 */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { chmod, copyFile, cp, mkdir, mkdtemp, rm, stat, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { run } from "../run.ts";

/** One thing in a layer; `path` is absolute in the image. Folders above it come by themselves, with mode 0755. */
export type LayerEntry =
  | { readonly kind: "copy"; readonly path: string; readonly from: string; readonly mode?: number }
  | { readonly kind: "text"; readonly path: string; readonly text: string; readonly mode?: number }
  | { readonly kind: "link"; readonly path: string; readonly target: string }
  | { readonly kind: "folder"; readonly path: string; readonly mode: number }
  /** All that is in a folder, its links as they are. Everybody may read it, and run what its owner may run. */
  | { readonly kind: "tree"; readonly path: string; readonly from: string };

/** A layer before it is packed. */
export interface Layer {
  readonly name: string;
  readonly entries: readonly LayerEntry[];
}

/** A file by its content. `digest` is `sha256:...`. */
export interface Blob {
  readonly file: string;
  readonly digest: string;
  readonly sizeBytes: number;
}

/** Packs a layer into `folder`; the file is named by the digest's hexadecimal part. */
export async function packLayer(layer: Layer, folder: string): Promise<Blob> {
  const staging = await mkdtemp(join(folder, "staging-"));
  const packed = `${staging}.tar`;
  try {
    for (const entry of layer.entries) await place(entry, staging);
    await chmod(staging, 0o755); // it becomes the image's root folder, which everybody has to be able to read
    await packFolder(staging, packed, ["."]);
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
  return describeBlob(packed);
}

/** Packs names inside a folder into a tar that does not tell when, where and by whom it was made. */
export async function packFolder(folder: string, file: string, names: readonly string[]): Promise<void> {
  const fixed = [
    "--sort=name",
    "--mtime=@0",
    "--owner=0",
    "--group=0",
    "--numeric-owner",
    "--format=gnu",
    "--blocking-factor=1",
  ];
  await run(["tar", "-C", folder, ...fixed, "-cf", file, ...names]);
}

/** Reads digest and size of a file. */
export async function describeBlob(file: string): Promise<Blob> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file), hash);
  return { file, digest: `sha256:${hash.digest("hex")}`, sizeBytes: (await stat(file)).size };
}

async function place(entry: LayerEntry, root: string): Promise<void> {
  const target = join(root, entry.path);
  await makeFolder(entry.kind === "folder" ? target : dirname(target), root);
  switch (entry.kind) {
    case "copy":
      await copyFile(entry.from, target);
      return chmod(target, entry.mode ?? ((await stat(entry.from)).mode & 0o111 ? 0o755 : 0o644));
    case "text":
      await writeFile(target, entry.text);
      return chmod(target, entry.mode ?? 0o644);
    case "link":
      return symlink(entry.target, target);
    case "folder":
      return chmod(target, entry.mode);
    case "tree":
      await cp(entry.from, target, { recursive: true, verbatimSymlinks: true });
      await run(["chmod", "-R", "u=rwX,go=rX", target]);
  }
}

/** Each new folder gets its mode by itself: that of mkdir depends on the umask. */
async function makeFolder(folder: string, root: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true });
  if (first === undefined) return;
  for (let made = folder; made.length >= first.length && made !== root; made = dirname(made)) await chmod(made, 0o755);
}
