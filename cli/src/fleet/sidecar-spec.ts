/** How the sidecar of one server is started: its flags, its environment and its folder. Pure. */
import { fileNamespace, type ServerEntry } from "@outrigger/api/server-file";
import type { ChildSpec } from "./child.ts";
import type { Ports } from "./keep-alive.ts";
import type { CommandStart } from "./program.ts";

/** How long calls under way may take to finish when a sidecar is stopped: a person is waiting for the prompt. */
export const sidecarDrainSeconds = 3;

/** What is the same for every sidecar of a run. */
export interface SidecarSurroundings {
  readonly start: CommandStart;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly logLevel: "debug" | "info";
  /** The public keys that may vouch for callers. */
  readonly assertionKeysFile: string;
}

/**
 * Builds the start of a sidecar. `lastPorts` are asked for again, so that a restart keeps its addresses; else any free ones.
 * Headers and the server's own variables travel in the environment, never in argv, which every user of the machine can read;
 * the server's variables in one of their own, so that they do not configure the sidecar (`NODE_OPTIONS`, say).
 */
export function buildSidecarSpec(
  entry: ServerEntry,
  surroundings: SidecarSurroundings,
  place: { readonly policyFile: string; readonly lastPorts: Ports | undefined },
): ChildSpec {
  const port = (name: string): string => `127.0.0.1:${place.lastPorts?.[name] ?? 0}`;
  const args = [
    ...["--listen", port("dataPort"), "--control", port("controlPort"), "--admin", port("adminPort")],
    ...["--server", entry.name, "--policy", place.policyFile, "--log-level", surroundings.logLevel],
    ...["--namespace", fileNamespace, "--assertion-keys", surroundings.assertionKeysFile],
    ...["--drain-seconds", String(sidecarDrainSeconds), "--watch-stdin", "yes"],
  ];
  const env = withoutOurs(surroundings.env);
  if (entry.form === "process") {
    return {
      start: surroundings.start,
      args: [...args, "--", entry.command, ...entry.args],
      env: hasOwn(entry.env) ? { ...env, OUTRIGGER_SERVER_ENV: JSON.stringify(entry.env) } : env,
      cwd: entry.cwd ?? surroundings.cwd,
    };
  }
  const { auth } = entry.outrigger;
  return {
    start: surroundings.start,
    args: [...args, "--upstream", entry.url, ...(auth === undefined ? [] : ["--upstream-auth", auth])],
    env: hasOwn(entry.headers) ? { ...env, OUTRIGGER_UPSTREAM_HEADERS: JSON.stringify(entry.headers) } : env,
    cwd: surroundings.cwd,
  };
}

const hasOwn = (values: Readonly<Record<string, string>>): boolean => Object.keys(values).length > 0;

/** The environment without our own variables: what configures the command must not configure the programs behind it. */
export function withoutOurs(env: Readonly<Record<string, string | undefined>>): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith("OUTRIGGER_")));
}
