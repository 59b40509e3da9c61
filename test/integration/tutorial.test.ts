/** The tutorials that need no cluster as a reader follows them: their files, their commands, their output. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { repositoryRoot } from "../demo/stage/root.ts";
import { pagesElsewhere } from "./pages/elsewhere.ts";
import { followPage } from "./pages/follow.ts";
import { listPages } from "./pages/page.ts";

it(
  "F-194 the tutorial's commands print what its page says, prompts to try included",
  { timeout: 120_000 },
  async () => {
    const isHere = (name: string): boolean => pagesElsewhere.every(({ page }) => page !== name);
    const tutorials = listPages(repositoryRoot).filter((name) => name.startsWith("docs/tutorials/"));
    for (const page of tutorials.filter(isHere)) {
      expect(await followPage(page, await readFile(join(repositoryRoot, page), "utf8"))).toBeGreaterThan(8);
    }
  },
);
