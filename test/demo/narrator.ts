/** Prints the tour: numbered steps, each with what it shows, what it proved and how long it took. */
import { startLiveBlock, type LiveBlock } from "../../cli/src/output/live-block.ts";
import { layOut } from "../../cli/src/output/table.ts";
import { cutTo, measureWidth } from "../../cli/src/output/width.ts";
import type { Screen } from "../../cli/src/io.ts";
import type { StepReport } from "./step.ts";

/** One step while it is told. Exactly one of `succeed` and `fail` ends it. */
export interface Told {
  readonly progress: (word: string) => void;
  readonly succeed: (report: StepReport) => void;
  readonly fail: (message: string) => void;
}

/** The narrator of one tour. */
export interface Narrator {
  readonly begin: (title: string) => Told;
  readonly say: (line: string) => void;
  /** Ends the step under way without a word about it, and tells of no further one. */
  readonly breakOff: () => void;
}

const columnsElsewhere = 100;
const titleWidth = 70;

/** Creates a narrator. On a terminal a running step shows its time; elsewhere it is printed when it is done. */
export function createNarrator(screen: Screen): Narrator {
  const { paint } = screen;
  let count = 0;
  let isOff = false;
  let block: LiveBlock | undefined;
  const say = (line: string): void => screen.write(`${line}\n`);
  const begin = (title: string): Told => {
    count++;
    const startedMs = performance.now();
    const elapsed = (): string => `${((performance.now() - startedMs) / 1000).toFixed(1)} s`.padStart(7);
    let word = "";
    let mark: string | undefined;
    const head = `${String(count).padStart(2)}  ${paint.title(title)}`;
    const pad = " ".repeat(Math.max(1, titleWidth - measureWidth(head)));
    const line = (frame: string): string => `${head}${pad}${mark ?? paint.warn(frame)} ${elapsed()}`;
    const lines = (frame: string): string[] => [line(frame), ...(word === "" ? [] : [`      ${paint.faint(word)}`])];
    block = screen.columns() === undefined || isOff ? undefined : startLiveBlock(screen, lines);
    const end = (endMark: string): void => {
      mark = endMark;
      word = "";
      if (block === undefined) say(line(""));
      else block.finish();
    };
    return {
      progress: (next) => {
        word = next;
      },
      succeed: ({ rows, quote, proven }) => {
        if (isOff) return;
        end(paint.good("✓"));
        const columns = screen.columns() ?? columnsElsewhere;
        for (const row of layOut(rows)) say(`      ${cutTo(row, columns - 7)}`);
        for (const line of quote === undefined ? [] : wrap(quote, columns - 9)) say(`        ${paint.faint(line)}`);
        say(`      ${paint.good("→")} ${proven}\n`);
      },
      fail: (message) => {
        if (isOff) return;
        end(paint.bad("✗"));
        say(`      ${paint.bad(message)}\n`);
      },
    };
  };
  const breakOff = (): void => {
    isOff = true;
    block?.finish();
  };
  return { begin, say, breakOff };
}

/** Breaks a text at blanks into lines of at most so many columns; a longer word gets a line of its own. */
function wrap(text: string, columns: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(/\s+/)) {
    const last = lines.at(-1);
    if (last === undefined || measureWidth(`${last} ${word}`) > columns) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}
