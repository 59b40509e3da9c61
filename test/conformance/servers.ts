/** How the fixture and the sidecar are started, and how each says where it listens. */
import { fileURLToPath } from "node:url";
import type { Programs } from "../fixtures/programs.ts";

const fixtureFile = fileURLToPath(new URL("../fixtures/conformance-server/main.ts", import.meta.url));
const sidecarFile = fileURLToPath(new URL("../../sidecar/src/main.ts", import.meta.url));

/** Starts the fixture server and returns its MCP URL. */
export function startFixture(programs: Programs): Promise<string> {
  return programs.start(["--conditions=outrigger-source", fixtureFile, "--port", "0"], readFixtureUrl);
}

/** Starts a sidecar in front of `upstreamUrl` and returns the URL to call instead. */
export function startSidecar(programs: Programs, upstreamUrl: string): Promise<string> {
  const anywhere = "127.0.0.1:0";
  const flags = ["--listen", anywhere, "--control", anywhere, "--admin", anywhere, "--upstream", upstreamUrl];
  return programs.start(["--conditions=outrigger-source", sidecarFile, ...flags], readSidecarUrl);
}

/** Returns the URL in the fixture's line `{"listening": url}`; undefined for any other line. */
export function readFixtureUrl(line: string): string | undefined {
  const url = parseObject(line)["listening"];
  return typeof url === "string" ? url : undefined;
}

/** Returns the URL of the data port in the sidecar's log line with the message "listening"; undefined for any other line. */
export function readSidecarUrl(line: string): string | undefined {
  const { msg, dataPort } = parseObject(line);
  return msg === "listening" && typeof dataPort === "number" ? `http://localhost:${dataPort}/mcp` : undefined;
}

function parseObject(line: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null ? { ...value } : {};
  } catch {
    return {}; // A program may print plain text too.
  }
}
