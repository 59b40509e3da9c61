/**
 * Keeps the installation's policy equal to its file. A file that is broken or gone keeps the last good policy and says why. The
 * file is read every second rather than watched: the kubelet replaces folders of links, and reading a small file costs nothing.
 */
import { readFile } from "node:fs/promises";
import { readPolicy, type PolicySet } from "./read-policy.ts";

/** Where the file is, and who hears of changes. */
export interface PolicyFileOptions {
  readonly path: string;
  readonly onChange: () => void;
  readonly pollMs?: number;
}

/** The file as it was read last. */
export interface PolicyFile {
  /** The last good policy; undefined where there was none yet. */
  readonly current: () => PolicySet | undefined;
  /** What is wrong with the file now; empty where nothing is. */
  readonly problems: () => readonly string[];
  /** True once the file was looked at. */
  readonly isRead: () => boolean;
  readonly stop: () => void;
}

/** Starts reading. */
export function watchPolicyFile({ path, onChange, pollMs = 1_000 }: PolicyFileOptions): PolicyFile {
  let policy: PolicySet | undefined;
  let problems: readonly string[] = [];
  let lastText: string | undefined;
  let isRead = false;
  let isReading = false;

  const settle = (found: readonly string[]): void => {
    const isNews = !isRead || found.join("\n") !== problems.join("\n");
    problems = found;
    isRead = true;
    if (isNews || found.length === 0) onChange();
  };

  const look = async (): Promise<void> => {
    if (isReading) return;
    isReading = true;
    try {
      const text = await readFile(path, "utf8");
      if (text === lastText) return;
      const read = readPolicy(text);
      if (read.ok) policy = read.policy;
      lastText = text;
      settle(read.ok ? [] : read.problems);
    } catch (error) {
      // The same text after this is news: the file came back.
      lastText = undefined;
      settle([`${path} can't be read: ${error instanceof Error ? error.message : String(error)}`]);
    } finally {
      isReading = false;
    }
  };

  void look();
  const timer = setInterval(() => void look(), pollMs);
  return { current: () => policy, problems: () => problems, isRead: () => isRead, stop: () => clearInterval(timer) };
}
