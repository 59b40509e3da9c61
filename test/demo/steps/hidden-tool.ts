/** Step: what policy hides is not found, not listed and not callable, and the server behind it never hears of the call. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { claim } from "../claim.ts";
import { deniedTools } from "../stage/config.ts";
import { findTools } from "../stage/find-tools.ts";
import type { ToolClient } from "../stage/clients.ts";
import type { Step } from "../step.ts";

const hidden = "files__write_file";

export const hiddenTool: Step = {
  title: "Policy: a denied tool is hidden, and refused when called",
  run: async ({ modern, legacy, folder }, { paint }) => {
    const found = await findTools(modern, "write a file to disk", 50);
    const shown = found.filter(({ name }) => deniedTools.includes(name.replace("files__", "")));
    claim(found.length > 0 && shown.length === 0, "search shows no tool that policy denies", shown);
    const path = join(folder.files, "forbidden.txt");
    const refusals = [await refuse(modern, { path, content: "x" }), await refuse(legacy, { path, content: "x" })];
    for (const refusal of refusals) claim(refusal.includes("Unknown tool"), "the call is refused as unknown", refusal);
    claim(!existsSync(path), "the file was not written");
    return {
      rows: [
        ['found for "write a file"', `${found.length} tools, none of them denied`],
        [paint.name(hidden), paint.bad("refused")],
        ["forbidden.txt", "does not exist"],
      ],
      quote: refusals[0] ?? "",
      proven: "the server's folder is as it was",
    };
  },
};

/** The refusal's words; a call that is not refused is a claim that does not hold. */
async function refuse(client: ToolClient, args: Record<string, unknown>): Promise<string> {
  try {
    const result = await client.call(hidden, args);
    claim(result.isError, `${hidden} is refused`, result.text);
    return result.text;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
