/** The layers under an application: users and folders, the Node runtime with its libraries, and a shell for test images only. */
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { run } from "../run.ts";
import type { Layer, LayerEntry } from "./layer.ts";

/** The user of our images, as distroless images number it. */
export const nonRoot = "65532:65532";

/** Users, name resolution and /tmp. No shell, no package manager, no certificates: Node carries its own. */
export const baseLayer: Layer = {
  name: "base",
  entries: [
    {
      kind: "text",
      path: "/etc/passwd",
      text: "root:x:0:0:root:/:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/:/sbin/nologin\n",
    },
    { kind: "text", path: "/etc/group", text: "root:x:0:\nnonroot:x:65532:\n" },
    // Without it the C library asks no file and no DNS server for a name.
    { kind: "text", path: "/etc/nsswitch.conf", text: "passwd: files\ngroup: files\nhosts: files dns\n" },
    { kind: "folder", path: "/tmp", mode: 0o1777 },
  ],
};

/** Path of the pinned Node runtime that npm installed here. */
export function findNode(): string {
  const from = createRequire(import.meta.url).resolve("node/bin/node");
  if (!existsSync(from)) throw new Error("the package node is empty; npm rebuild node brings its binary");
  return from;
}

/** That runtime, and this machine's libraries that it needs. */
export async function createNodeLayer(): Promise<Layer> {
  const from = findNode();
  return {
    name: "node",
    entries: [{ kind: "copy", path: "/usr/local/bin/node", from, mode: 0o755 }, ...(await findLibraries(from))],
  };
}

const applets = ["sh", "ls", "cat", "env", "sleep", "nc", "id", "stat", "date", "touch", "kill", "ps", "grep"];

/** Debian's busybox as a shell. For test images: with a shell inside, whoever breaks in finds tools. */
export async function createShellLayer(): Promise<Layer> {
  const from = ["/bin/busybox", "/usr/bin/busybox"].find((file) => existsSync(file));
  if (from === undefined) throw new Error("the package busybox-static is missing");
  const links = applets.map((name): LayerEntry => ({ kind: "link", path: `/bin/${name}`, target: "busybox" }));
  return {
    name: "shell",
    entries: [{ kind: "copy", path: "/bin/busybox", from, mode: 0o755 }, ...links, ...(await findLibraries(from))],
  };
}

/** Shared libraries of programs, at the same paths in the image, each once; none for a static one. */
export async function findLibraries(...programs: readonly string[]): Promise<readonly LayerEntry[]> {
  const text = await run(["ldd", ...programs]).catch((error: unknown) => {
    if (error instanceof Error && error.message.includes("not a dynamic executable")) return "";
    throw error;
  });
  const paths = new Set([...text.matchAll(/(?:=> |^\s*)(\/\S+) \(0x/gm)].map((match) => match[1] ?? ""));
  return [...paths].map((path) => ({ kind: "copy", path, from: path, mode: 0o755 }));
}
