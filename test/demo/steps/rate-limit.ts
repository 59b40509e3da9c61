/** Step: one call more than the limit allows is refused, and told when it may come again. */
import { claim } from "../claim.ts";
import { callsPerMinute } from "../stage/config.ts";
import type { Step } from "../step.ts";

export const rateLimit: Step = {
  title: `Limits: ${callsPerMinute} calls a minute, and the next one is told to wait`,
  run: async ({ modern }, { paint }) => {
    const rows: string[][] = [];
    for (let count = 1; count <= callsPerMinute; count++) {
      const result = await modern.call("everything__echo", { message: `call ${count}` });
      claim(
        !result.isError && result.text.includes(`call ${count}`),
        `call ${count} of ${callsPerMinute} is answered`,
        result.text,
      );
      rows.push([`call ${count}`, paint.good("answered"), result.text]);
    }
    const refusal = await modern.call("everything__echo", { message: "too much" }).then(
      (result) => ({ isRefused: result.isError, words: result.text }),
      (error: unknown) => ({ isRefused: true, words: error instanceof Error ? error.message : String(error) }),
    );
    claim(refusal.isRefused && !refusal.words.includes("Echo"), "the call over the limit is refused", refusal.words);
    const wait = /([0-9.]+) ?(?:s\b|seconds?)/.exec(refusal.words)?.[1];
    claim(wait !== undefined && Number(wait) > 0 && Number(wait) <= 60, "the refusal names the wait", refusal.words);
    rows.push([`call ${callsPerMinute + 1}`, paint.bad("refused")]);
    return { rows, quote: refusal.words, proven: `the wait that it names is ${wait} s` };
  },
};
