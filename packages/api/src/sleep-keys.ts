/** The annotation that lets a server sleep until it is called. A part of the table of keys.ts. */
import { keyPrefix, type KeyDefinition } from "./key-definition.ts";
import { parseTime, type Parsed } from "./values.ts";

/** Shorter times would end pods that have only just started. */
const shortestIdleMs = 30_000;

const form = 'a duration such as "30s", "10m" or "1h30m", from 30s to 576h';

/** The rows of the table. */
export const sleepKeys = {
  idleTtl: {
    setBy: "user",
    key: `${keyPrefix}idle-ttl`,
    kind: "annotation",
    on: ["deployment", "statefulset"],
    meaning:
      "After how long without a call the server is scaled to zero. Its tools stay listed and found; the first call of one starts it again, as it was. Stands on the Deployment or StatefulSet itself, whose pods are gone meanwhile. Default: never.",
    form,
    example: "10m",
    parse: parseIdleTtl,
  },
} as const satisfies Record<string, KeyDefinition>;

function parseIdleTtl(text: string): Parsed<number> {
  const parsed = parseTime(text);
  return parsed.ok && parsed.value >= shortestIdleMs ? parsed : { ok: false, expected: form };
}
