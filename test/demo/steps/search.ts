/** Step: a task in plain words finds its tools, whichever server they are of. */
import type { Paint } from "../../../cli/src/output/paint.ts";
import { drawScore, formatScore } from "../../../cli/src/output/score.ts";
import { claim } from "../claim.ts";
import { findTools, type Match } from "../stage/find-tools.ts";
import type { Step } from "../step.ts";

const tasks = [
  { words: "show the history of commits", server: "git" },
  { words: "read a file from disk", server: "files" },
  { words: "add a person to the knowledge graph", server: "memory" },
] as const;

export const search: Step = {
  title: "Search: find_tool finds tools by what they do",
  run: async ({ modern }, { paint }) => {
    const rows: string[][] = [];
    for (const { words, server } of tasks) {
      const [best, second] = await findTools(modern, words);
      claim(best !== undefined && second !== undefined, `"${words}" finds tools`);
      claim(best.server === server, `the best tool for "${words}" is of the server ${server}`, best);
      claim(best.score >= second.score && best.score <= 1, "results come best first, with scores up to 1", [
        best,
        second,
      ]);
      rows.push([`"${words}"`], show(best, paint), show(second, paint));
    }
    return { rows, proven: "the best match is of the right server each time" };
  },
};

function show({ name, score }: Match, paint: Paint): string[] {
  return [`  ${paint.good(drawScore(score, 8))} ${formatScore(score)}`, paint.name(name)];
}
