/** The tutorial as a reader follows it: its file, its commands, its output. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { repositoryRoot } from "../demo/stage/root.ts";
import { followPage } from "./pages/follow.ts";
import { listPages } from "./pages/page.ts";

it(
  "F-194 the tutorial's commands print what its page says, prompts to try included",
  { timeout: 120_000 },
  async () => {
    for (const page of listPages(repositoryRoot).filter((name) => name.startsWith("docs/tutorials/"))) {
      expect(await followPage(page, await readFile(join(repositoryRoot, page), "utf8"))).toBeGreaterThan(8);
    }
  },
);
