/** The image of the example "remote": mcp-remote of npm, at the versions that the lock file beside this pins. */
import { cp, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Image } from "../image/image.ts";
import { makeNodeImage } from "../image/node-image.ts";
import { run } from "../run.ts";
import { keep } from "./keep.ts";

const locked = join(import.meta.dirname, "remote");
const files = ["package.json", "package-lock.json"] as const;
const authorityPath = "/etc/ssl/authority.pem";

/**
 * Makes the image. `authorityPem` is whom it trusts besides the authorities of the internet, which a server of a test has no certificate
 * from; the image that the page's Dockerfile makes has none such.
 */
export async function makeRemoteImage(name: string, file: string, authorityPem: string): Promise<Image> {
  const from = await install();
  const command = "/usr/local/bin/mcp-remote";
  const script = `#!/usr/local/bin/node\nimport("/app/node_modules/mcp-remote/dist/proxy.js");\n`;
  return makeNodeImage({
    name,
    file,
    app: [
      { kind: "tree", path: "/app/node_modules", from: join(from, "node_modules") },
      { kind: "text", path: command, text: script, mode: 0o755 },
      { kind: "text", path: authorityPath, text: authorityPem },
    ],
    env: { NODE_EXTRA_CA_CERTS: authorityPath },
    entrypoint: [command],
  });
}

async function install(): Promise<string> {
  return keep({
    name: "remote",
    sources: await Promise.all(files.map((file) => readFile(join(locked, file), "utf8"))),
    make: async (folder) => {
      for (const file of files) await cp(join(locked, file), join(folder, file));
      await run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], { cwd: folder });
    },
  });
}
