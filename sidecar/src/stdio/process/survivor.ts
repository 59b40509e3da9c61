/**
 * Ends servers that outlive a sidecar which was killed. Most end with their stdin; for those that do not, a small shell survives the
 * sidecar: it knows the process groups under way, and when its own stdin ends, it waits a moment and kills what is left of them.
 */
import { spawn } from "node:child_process";
import { Socket } from "node:net";
import type { Writable } from "node:stream";

/** Where process groups are registered. Without a shell on the machine it does nothing. */
export interface Survivor {
  readonly add: (group: number) => void;
  readonly remove: (group: number) => void;
}

/** Lines `add N` and `remove N` come in; at their end every group that is left has so many seconds. */
const script = `groups=
while read -r word group; do
  if [ "$word" = add ]; then groups="$groups $group"; continue; fi
  left=
  for each in $groups; do [ "$each" = "$group" ] || left="$left $each"; done
  groups=$left
done
[ -n "$groups" ] || exit 0
sleep "$1"
for group in $groups; do kill -s KILL -- "-$group"; done 2>/dev/null
exit 0`;

/** Creates it; the shell starts with the first group. `graceSeconds`: what servers have to end by themselves. */
export function createSurvivor(graceSeconds: number): Survivor {
  let input: Writable | undefined;
  const start = (): Writable => {
    // A session of its own: what ends the sidecar's group must not end it.
    const shell = spawn("/bin/sh", ["-c", script, "sh", String(graceSeconds)], {
      stdio: ["pipe", "ignore", "ignore"],
      detached: true,
      env: {},
      cwd: "/",
    });
    shell.on("error", () => undefined);
    shell.stdin.on("error", () => undefined);
    // It must not keep the sidecar alive.
    shell.unref();
    if (shell.stdin instanceof Socket) shell.stdin.unref();
    return shell.stdin;
  };
  const tell = (line: string): void => {
    input ??= start();
    if (input.writable) input.write(`${line}\n`);
  };
  return { add: (group) => tell(`add ${group}`), remove: (group) => tell(`remove ${group}`) };
}
