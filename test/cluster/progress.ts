/** Shows what happens: one aligned line per step with its time. Colour and live lines are for terminals only. */

/** Where lines go. */
export interface ProgressOutput {
  readonly write: (text: string) => unknown;
  /** Whether a line may be rewritten and coloured. */
  readonly isTerminal: boolean;
}

/** Tells of steps. */
export interface Progress {
  /** Runs one step and shows its name, how it ended and how long it took. Rejects with what the step rejects with. */
  readonly step: <T>(name: string, work: () => Promise<T>) => Promise<T>;
  /** Shows a fact that took no time. */
  readonly note: (text: string) => void;
}

const nameWidth = 44;

/** Creates the telling of steps. */
export function createProgress(output: ProgressOutput): Progress {
  const paint = (code: number, text: string): string => (output.isTerminal ? `\u001b[${code}m${text}\u001b[0m` : text);
  const [green, red] = [32, 31];
  return {
    step: async (name, work) => {
      if (output.isTerminal) output.write(`  ..      ${name}`);
      const startedMs = performance.now();
      const finish = (mark: string): void => {
        const seconds = ((performance.now() - startedMs) / 1_000).toFixed(2);
        output.write(
          `${output.isTerminal ? "\r\u001b[K" : ""}  ${mark}  ${name.padEnd(nameWidth)} ${seconds.padStart(7)} s\n`,
        );
      };
      try {
        const result = await work();
        finish(paint(green, "ok    "));
        return result;
      } catch (error) {
        finish(paint(red, "FAILED"));
        throw error;
      }
    },
    note: (text) => void output.write(`  ${text}\n`),
  };
}

/** Whether a stream of this process takes colour. Source: no-color.org. */
export function toProgressOutput(stream: NodeJS.WriteStream, env: NodeJS.ProcessEnv): ProgressOutput {
  const isTerminal = stream.isTTY && (env["NO_COLOR"] ?? "") === "" && env["TERM"] !== "dumb";
  return { write: (text) => stream.write(text), isTerminal };
}
