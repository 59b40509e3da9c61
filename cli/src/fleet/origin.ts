/** What a server was before a sidecar stood in front of it: its transport, and its package where the command tells. */
import type { OutriggerBlock, ServerEntry } from "@outrigger/api/server-file";

/** Programs that run a package by name, and their options that take a value. */
const runners = new Set(["npx", "bunx", "pnpx", "uvx", "pipx"]);
const valueOptions = new Set(["-p", "--package", "--from", "--with", "--python"]);

/** Describes an entry for the catalogue. */
export function describeOrigin(entry: ServerEntry): NonNullable<OutriggerBlock["origin"]> {
  if (entry.form === "url") return { transport: "streamable-http" };
  const name = findPackage(entry.command, entry.args);
  return name === undefined ? { transport: "stdio" } : { transport: "stdio", package: name };
}

/** The package that a command line runs: from a package runner's arguments, or from a path below node_modules. */
export function findPackage(command: string, args: readonly string[]): string | undefined {
  const runner = command.replace(/^.*[\\/]/, "").replace(/\.(cmd|exe)$/i, "");
  const named = runners.has(runner) ? firstPackage(args) : undefined;
  if (named !== undefined) return stripVersion(named);
  for (const word of [command, ...args]) {
    const match = /(?:^|[\\/])node_modules[\\/](@[^\\/]+[\\/][^\\/]+|[^\\/.@][^\\/]*)[\\/]/.exec(word);
    if (match?.[1] !== undefined) return match[1].replaceAll("\\", "/");
  }
  return undefined;
}

function firstPackage(args: readonly string[]): string | undefined {
  for (const [index, word] of args.entries()) {
    if (valueOptions.has(word)) return args[index + 1];
    if (!word.startsWith("-") && word !== "run") return word;
  }
  return undefined;
}

function stripVersion(name: string): string {
  return name.replace(/(?<!^)(?:@|==).*$/, "");
}
