/**
 * Settings that change while the sidecar runs, by annotations of its pod: how much it logs, how long a call may take. A value that can't
 * be read is refused and told, and the one before stays; an annotation that is taken away leaves what held at the start.
 */
import { liveKeys, quickFileOf, type LiveKey } from "@outrigger/api/bundle";
import { keys } from "@outrigger/api/keys";
import type { HealthReport } from "@outrigger/runtime/health";
import type { Logger } from "@outrigger/runtime/logger";
import type { Texts } from "./bundle/settle.ts";
import { readTexts, watchFolder, type FolderWatch } from "./bundle/watch.ts";
import type { SidecarOptions } from "./options.ts";
import { counter } from "./telemetry/exposition.ts";

/** The settings, as they are now. */
export interface LiveValues {
  readonly logLevel: SidecarOptions["logLevel"];
  /** The longest time of a whole call. */
  readonly callDeadlineMs: number;
}

/** The holder of the settings in force. */
export interface LiveSettings {
  readonly current: () => LiveValues;
  /** Takes the texts of annotations by file name; a file that is absent or empty says nothing. */
  readonly apply: (texts: Texts) => void;
  /** Reads the folder of the pod's annotations, and follows it. */
  readonly watch: (folder: string) => Promise<FolderWatch>;
  /** What readiness says of it, without depending on it. */
  readonly details: () => HealthReport["checks"];
  /** Prometheus text. */
  readonly expose: () => string;
}

/** What became of the annotation of one setting. */
interface Setting {
  text: string;
  problem: string | undefined;
  refusals: number;
}

/** Creates the holder. `start`: what was set when the process began. */
export function createLiveSettings(
  start: LiveValues,
  { logger, onChange }: { readonly logger: Logger; readonly onChange: (values: LiveValues) => void },
): LiveSettings {
  const settings = new Map<LiveKey, Setting>(
    liveKeys.map((key) => [key, { text: "", problem: undefined, refusals: 0 }]),
  );
  let current = start;

  const take = (key: LiveKey, setting: Setting, text: string): Partial<LiveValues> => {
    setting.text = text;
    setting.problem = undefined;
    const read = readOne(key, text, start);
    if (read.ok) return read.values;
    setting.problem = `${keys[key].key}: expected ${read.expected}`;
    setting.refusals++;
    const fields = { reason: "InvalidAnnotation", problem: setting.problem };
    logger.error(fields, "a setting is refused, the one before stays");
    return {};
  };
  const apply = (texts: Texts): void => {
    let next = current;
    for (const [key, setting] of settings) {
      const text = texts.get(quickFileOf(key));
      if (text !== undefined && text !== setting.text) next = { ...next, ...take(key, setting, text) };
    }
    if (next.logLevel === current.logLevel && next.callDeadlineMs === current.callDeadlineMs) return;
    current = next;
    onChange(current);
    logger.info({ ...current }, "settings changed");
  };
  return {
    current: () => current,
    apply,
    watch: async (folder) => {
      const files = liveKeys.map(quickFileOf);
      const { texts } = await readTexts({ folder, files });
      apply(texts);
      return watchFolder({ folder, files }, texts, (changed) => {
        apply(changed);
        return Promise.resolve();
      });
    },
    details: () => {
      const problems = [...settings.values()].flatMap(({ problem }) => problem ?? []);
      const inForce = `log level ${current.logLevel}, calls at most ${current.callDeadlineMs} ms`;
      return [{ name: "settings", ok: problems.length === 0, message: [...problems, inForce].join("; ") }];
    },
    expose: () =>
      counter(
        "sidecar_settings_refused_total",
        "Values of live settings that were given and refused, by setting: the one before stays.",
        [...settings].map(([key, { refusals }]) => [`setting="${quickFileOf(key)}"`, refusals]),
      ),
  };
}

type ReadOne =
  { readonly ok: true; readonly values: Partial<LiveValues> } | { readonly ok: false; readonly expected: string };

function readOne(key: LiveKey, text: string, start: LiveValues): ReadOne {
  if (key === "logLevel") {
    const parsed = keys.logLevel.parse(text === "" ? start.logLevel : text);
    return parsed.ok ? { ok: true, values: { logLevel: parsed.value } } : parsed;
  }
  if (text === "") return { ok: true, values: { callDeadlineMs: start.callDeadlineMs } };
  const parsed = keys.callDeadline.parse(text);
  return parsed.ok ? { ok: true, values: { callDeadlineMs: parsed.value } } : parsed;
}
