/** What an image of ours promises: the same bytes from the same files, layers apart, and nothing in it that nobody asked for. */
import { chmod, mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { makeTestFolder } from "../../fixtures/temporary-folder.ts";
import { run } from "../run.ts";
import { makeImage, type Image, type ImageOptions } from "./image.ts";
import type { Layer } from "./layer.ts";
import { formatSizes } from "./node-image.ts";
import { baseLayer } from "./runtime-layers.ts";

const appLayer: Layer = {
  name: "app",
  entries: [
    { kind: "text", path: "/app/deep/b.txt", text: "b" },
    { kind: "text", path: "/app/a.txt", text: "a", mode: 0o600 },
    { kind: "link", path: "/app/link", target: "a.txt" },
  ],
};

function describeImage(folder: string, changes: Partial<ImageOptions> = {}): ImageOptions {
  return { name: "localhost/try:7", file: join(folder, "image.tar"), layers: [baseLayer, appLayer], ...changes };
}

/** Reads one file of the archive. */
function readEntry(image: Image, path: string): Promise<string> {
  return run(["tar", "-xOf", image.file, path]);
}

async function readConfig(image: Image): Promise<{ config: Record<string, unknown>; rootfs: { diff_ids: string[] } }> {
  const [entry] = JSON.parse(await readEntry(image, "manifest.json")) as { Config: string }[];
  return JSON.parse(await readEntry(image, entry!.Config)) as Awaited<ReturnType<typeof readConfig>>;
}

/** Lists a layer as `mode owner path`. */
async function listLayer(image: Image, index: number): Promise<string[]> {
  const blob = `blobs/sha256/${image.layers[index]!.digest.slice("sha256:".length)}`;
  const folder = join(image.file, "..");
  await run(["tar", "-C", folder, "-xf", image.file, blob]);
  const lines = (await run(["tar", "--numeric-owner", "-tvf", join(folder, blob)])).trim().split("\n");
  return lines.map((line) => line.replace(/\s+\d+ 1970-01-01 00:00 /, " "));
}

describe("an image", () => {
  it("is the same byte for byte when it is made again", async () => {
    const [first, second] = [makeTestFolder("image"), makeTestFolder("image")];
    const reversed = { ...appLayer, entries: appLayer.entries.toReversed() };
    const one = await makeImage(describeImage(first));
    const two = await makeImage(describeImage(second, { layers: [baseLayer, reversed] }));
    expect(two.digest).toBe(one.digest);
    expect(await readFile(two.file)).toEqual(await readFile(one.file));
  });

  it("does not depend on the umask of whoever makes it", async () => {
    const before = process.umask(0o077);
    try {
      const image = await makeImage(describeImage(makeTestFolder("image")));
      expect(await listLayer(image, 1)).toEqual([
        "drwxr-xr-x 0/0 ./",
        "drwxr-xr-x 0/0 ./app/",
        "-rw------- 0/0 ./app/a.txt",
        "drwxr-xr-x 0/0 ./app/deep/",
        "-rw-r--r-- 0/0 ./app/deep/b.txt",
        "lrwxrwxrwx 0/0 ./app/link -> a.txt",
      ]);
    } finally {
      process.umask(before);
    }
  });

  it("keeps a copied program executable", async () => {
    const folder = makeTestFolder("image");
    const from = join(folder, "program");
    await writeFile(from, "#!");
    await chmod(from, 0o711);
    const entries = [{ kind: "copy", path: "/bin/program", from }] as const;
    const image = await makeImage(describeImage(folder, { layers: [{ name: "program", entries }] }));
    expect(await listLayer(image, 0)).toContain("-rwxr-xr-x 0/0 ./bin/program");
  });

  it("takes a folder with its links, for everybody to read, whoever could before", async () => {
    const folder = makeTestFolder("image");
    const from = join(folder, "tree");
    await mkdir(join(from, "deep"), { recursive: true, mode: 0o700 });
    await writeFile(join(from, "deep/data"), "1", { mode: 0o600 });
    await writeFile(join(from, "program"), "#!", { mode: 0o700 });
    await symlink("deep/data", join(from, "link"));
    const entries = [{ kind: "tree", path: "/app", from }] as const;
    const image = await makeImage(describeImage(folder, { layers: [{ name: "tree", entries }] }));
    expect(await listLayer(image, 0)).toEqual([
      "drwxr-xr-x 0/0 ./",
      "drwxr-xr-x 0/0 ./app/",
      "drwxr-xr-x 0/0 ./app/deep/",
      "-rw-r--r-- 0/0 ./app/deep/data",
      "lrwxrwxrwx 0/0 ./app/link -> deep/data",
      "-rwxr-xr-x 0/0 ./app/program",
    ]);
  });

  it("shares a lower layer with another image", async () => {
    const one = await makeImage(describeImage(makeTestFolder("image")));
    const two = await makeImage(describeImage(makeTestFolder("image"), { layers: [baseLayer] }));
    expect(two.layers[0]).toEqual(one.layers[0]);
  });

  it("has a base with a user that is not root, a writable /tmp and no shell", async () => {
    const image = await makeImage(describeImage(makeTestFolder("image"), { layers: [baseLayer] }));
    const names = await listLayer(image, 0);
    expect(names).toContain("drwxrwxrwt 0/0 ./tmp/");
    expect(names.join("\n")).not.toMatch(/bin\//);
    expect(baseLayer.entries).toContainEqual(
      expect.objectContaining({ path: "/etc/passwd", text: expect.stringContaining("nonroot:x:65532:") as string }),
    );
  });

  it("says what runs in it, as whom and with which labels", async () => {
    const image = await makeImage(
      describeImage(makeTestFolder("image"), {
        entrypoint: ["node"],
        cmd: ["/app/a.txt"],
        env: { NODE_ENV: "production" },
        user: "65532:65532",
        workdir: "/app",
        labels: { "org.opencontainers.image.title": "try" },
      }),
    );
    const { config, rootfs } = await readConfig(image);
    expect(config).toEqual({
      Entrypoint: ["node"],
      Cmd: ["/app/a.txt"],
      Env: ["PATH=/usr/local/bin:/usr/bin:/bin", "NODE_ENV=production"],
      User: "65532:65532",
      WorkingDir: "/app",
      Labels: { "org.opencontainers.image.title": "try" },
    });
    expect(rootfs.diff_ids).toEqual(image.layers.map((layer) => layer.digest));
  });

  it("is found under its name by an importer of either format", async () => {
    const image = await makeImage(describeImage(makeTestFolder("image")));
    expect(await readEntry(image, "index.json")).toContain('"io.containerd.image.name":"localhost/try:7"');
    expect(await readEntry(image, "manifest.json")).toContain('"RepoTags":["localhost/try:7"]');
  });

  it("tells the size of each layer and of all", async () => {
    const image = await makeImage(describeImage(makeTestFolder("image")));
    const lines = formatSizes(image).split("\n");
    expect(lines.map((line) => line.split(" ")[0])).toEqual(["localhost/try:7", "base", "app", "total"]);
  });
});
