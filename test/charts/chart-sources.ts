/** Places that a chart is installed from, on this machine's loopback: a Helm repository over HTTP, and an OCI registry. */
import { once } from "node:events";
import { createReadStream } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { basename, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { startProgram } from "../fixtures/program.ts";
import { waitFor } from "../fixtures/wait-for.ts";
import { findGoProgram } from "./go-program.ts";

/** A place that is served. */
export interface Served {
  /** As helm is told: `http://…` or `oci://…`. */
  readonly url: string;
  readonly close: () => Promise<unknown>;
}

/** Serves the files of a folder, and nothing below it. */
export async function serveRepository(folder: string): Promise<Served> {
  const server = createServer((request, response) => {
    const file = join(folder, basename(new URL(request.url ?? "/", "http://localhost").pathname));
    pipeline(createReadStream(file), response).catch(() => {
      if (!response.headersSent) response.writeHead(404);
      response.end();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const close = (): Promise<unknown> => {
    server.close();
    server.closeAllConnections();
    return once(server, "close");
  };
  return { url: `http://127.0.0.1:${port}`, close };
}

/** Starts a registry that keeps everything in memory. Source: go-containerregistry, `crane registry serve`. */
export async function startRegistry(): Promise<Served> {
  const crane = await findGoProgram("crane");
  const program = startProgram([crane, "registry", "serve", "--address", "127.0.0.1:0"]);
  const findPort = (): string | undefined => /serving on port (\d+)/.exec(program.stderr())?.[1];
  const port = await program.whenReady(waitFor("the registry's port", findPort));
  return { url: `oci://127.0.0.1:${port}/charts`, close: program.stop };
}
