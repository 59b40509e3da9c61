/**
 * Row 19 and what else a stdio server's container must leave to the shim: a command that is known, and its
 * folders.
 */
import { keys } from "@outrigger/api/keys";
import { appMounts } from "../build/volumes.ts";
import { quote, type Problem, type Warning } from "../outcome.ts";
import { readList, readText } from "../read/json.ts";
import { hasCommand } from "../read/pod.ts";
import type { Found } from "./found.ts";

/** Checks a container that the shim is put in front of. The image is never asked: admission makes no requests. */
export function checkStdio({ settings, container }: Found): Problem[] {
  if (settings.mode !== "stdio") return [];
  const problems: Problem[] = [];
  const isKnown = hasCommand(container.raw) || settings.stdioCommand !== undefined;
  if (!isKnown && !settings.isRejected("stdioCommand"))
    problems.push({
      reason: "StdioCommandUnknown",
      text: `container ${quote(container.name)} has no command: set it, or annotate what its image runs, e.g. ${keys.stdioCommand.key}='${keys.stdioCommand.example}'`,
    });
  const ours = appMounts.map((mount) => mount["mountPath"]);
  const taken = readList(container.raw, "volumeMounts").map((mount) =>
    readText(mount, "mountPath")?.replace(/\/+$/, ""),
  );
  for (const path of taken.filter((each) => ours.includes(each)))
    problems.push({
      reason: "ReservedName",
      text: `container ${quote(container.name)} mounts ${quote(path)}, which the stdio shim needs`,
    });
  return problems;
}

/** Warns of an annotation that the container's own command makes idle. */
export function warnOfStdio({ settings, container }: Found): Warning[] {
  if (settings.mode !== "stdio" || settings.stdioCommand === undefined || !hasCommand(container.raw)) return [];
  const text = `annotation ${keys.stdioCommand.key} is not read: container ${quote(container.name)} has a command`;
  return [{ reason: "UnknownAnnotation", text }];
}
