/** The image of GitHub's MCP server: a static program, built from the Go modules that go.sum beside this pins. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { makeImage, type Image } from "../image/image.ts";
import { baseLayer, nonRoot } from "../image/runtime-layers.ts";
import { run } from "../run.ts";
import { keep } from "./keep.ts";

const modules = join(import.meta.dirname, "github");
const server = "github.com/github/github-mcp-server/cmd/github-mcp-server";

/** Makes the image. Cost: the first build takes about a minute of two cores. */
export async function makeGithubImage(name: string, file: string): Promise<Image> {
  const sources = [await readFile(join(modules, "go.mod"), "utf8"), await readFile(join(modules, "go.sum"), "utf8")];
  const folder = await keep({
    name: "github",
    sources,
    make: async (target) => {
      const env = { CGO_ENABLED: "0", GOFLAGS: "-mod=readonly -buildvcs=false" };
      const output = join(target, "github-mcp-server");
      await run(["go", "build", "-trimpath", "-ldflags", "-s -w", "-o", output, server], { cwd: modules, env });
    },
  });
  const path = "/server/github-mcp-server";
  const entries = [{ kind: "copy", path, from: join(folder, "github-mcp-server"), mode: 0o755 }] as const;
  const layers = [baseLayer, { name: "server", entries }];
  return makeImage({ name, file, layers, user: nonRoot, entrypoint: [path], cmd: ["stdio"], workdir: "/server" });
}
