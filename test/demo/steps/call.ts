/** Step: a call through endpoint and sidecar reaches the real server and comes back. */
import { claim } from "../claim.ts";
import { noteText } from "../stage/folder.ts";
import type { Step } from "../step.ts";

export const call: Step = {
  title: "Call: a client of the current SDK reads a file through it",
  run: async ({ modern, folder }, { paint }) => {
    const path = `${folder.files}/note.txt`;
    const result = await modern.call("files__read_text_file", { path });
    claim(!result.isError, "the call succeeds", result.text);
    claim(result.text.trim() === noteText.trim(), "the file's own text comes back", result.text);
    return {
      rows: [
        [paint.name("files__read_text_file"), "note.txt", JSON.stringify(result.text.trim())],
        ["protocol", modern.protocolVersion()],
      ],
      proven: "the answer is the file's text, to the letter",
    };
  },
};
