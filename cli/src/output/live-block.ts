/** A block of lines on a terminal that is drawn again in place while things change. Ends as plain lines that stay. */
import type { Screen } from "../io.ts";
import { cutTo } from "./width.ts";

const frames = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
const drawEveryMs = 100;

/** A block under way. `frame` is passed to the lines, so that marks turn; `finish` draws once more and stops. */
export interface LiveBlock {
  readonly finish: () => void;
  /** Takes the block away, lets `write` print above it, and draws it again. */
  readonly interrupt: (write: () => void) => void;
}

/** Starts drawing `lines`. A line wider than the terminal is cut, because wrapped lines can't be drawn over. */
export function startLiveBlock(screen: Screen, lines: (frame: string) => readonly string[]): LiveBlock {
  let drawn = 0;
  let turn = 0;
  const erase = (): void => {
    if (drawn > 0) screen.write(`\u001b[${drawn}A\u001b[0J`);
    drawn = 0;
  };
  const draw = (): void => {
    const columns = screen.columns() ?? 80;
    const texts = lines(frames[turn % frames.length] ?? "").map((line) => cutTo(line, columns - 1));
    erase();
    screen.write(texts.map((text) => `${text}\n`).join(""));
    drawn = texts.length;
  };
  draw();
  const timer = setInterval(() => {
    turn++;
    draw();
  }, drawEveryMs);
  return {
    finish: () => {
      clearInterval(timer);
      draw();
      drawn = 0;
    },
    interrupt: (write) => {
      erase();
      write();
      draw();
    },
  };
}
