/** How the fixture and the sidecar are started, and how each says where it listens. */
import { fileURLToPath } from "node:url";
import type { Programs } from "../fixtures/programs.ts";

const fixtureFile = fileURLToPath(new URL("../fixtures/conformance-server/main.ts", import.meta.url));
const policyFile = fileURLToPath(new URL("policy.json", import.meta.url));
const sidecarFile = fileURLToPath(new URL("../../sidecar/src/main.ts", import.meta.url));

/** Starts the fixture server and returns its MCP URL. It speaks every revision, or one. */
export function startFixture(programs: Programs, revision?: string): Promise<string> {
  const only = revision === undefined ? [] : ["--revision", revision];
  return programs.start(["--conditions=outrigger-source", fixtureFile, "--port", "0", ...only], readFixtureUrl);
}

/** What differs between the sidecars of a run. */
export interface SidecarChoice {
  readonly transport: "streamable-http" | "sse";
  /** A policy is in force that allows everything and makes the sidecar look at all that it can look at. */
  readonly withPolicy: boolean;
}

/** Starts a sidecar in front of the fixture at `fixtureUrl` and returns the URL to call instead. */
export async function startSidecar(
  programs: Programs,
  fixtureUrl: string,
  { transport, withPolicy }: SidecarChoice,
): Promise<string> {
  const anywhere = "127.0.0.1:0";
  const flags = ["--listen", anywhere, "--control", anywhere, "--admin", anywhere, "--transport", transport];
  const policy = withPolicy ? ["--policy", policyFile, "--audit", "all"] : ["--audit", "off"];
  const upstream = ["--upstream", endpointOf(fixtureUrl, transport)];
  const args = ["--conditions=outrigger-source", sidecarFile, ...flags, ...policy, ...upstream];
  return endpointOf(await programs.start(args, readSidecarUrl), transport);
}

/** The endpoint of one transport, at the origin of another's. The same of the fixture and of a sidecar. */
export function endpointOf(url: string, transport: SidecarChoice["transport"]): string {
  return new URL(transport === "sse" ? "/sse" : "/mcp", url).href;
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
