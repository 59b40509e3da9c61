/** The tutorial of ten servers as its reader follows it: servers of npm and PyPI, and the MCP Inspector as the client. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { repositoryRoot } from "../demo/stage/root.ts";
import { installPackage } from "../fixtures/npm-package.ts";
import { preparePythonSdk } from "../fixtures/python-sdk/install.ts";
import { installInspector } from "../fixtures/real-clients/inspector.ts";
import { writeNpx } from "../fixtures/real-clients/npx.ts";
import { nameFileFolder } from "../fixtures/temporary-folder.ts";
import { followPage } from "./pages/follow.ts";
import { createReader } from "./pages/reader.ts";

const page = "docs/tutorials/ten-servers.md";
const folder = nameFileFolder("ten-servers");

it("F-017 F-177 F-194 from a fresh clone, ten real servers are listed, searched and called by the Inspector in both eras", async () => {
  const cache = join(repositoryRoot, ".cache", "client-programs");
  const [dbhub, inspector, { PYTHONPATH = "" }] = await Promise.all([
    installPackage(cache, "@bytebase/dbhub", "1.4.0"),
    installInspector(),
    preparePythonSdk(),
  ]);
  writeNpx(folder, {
    "@bytebase/dbhub@1.4.0": join(dbhub, "node_modules/.bin/dbhub"),
    "@modelcontextprotocol/inspector@2.12.0": inspector,
  });
  const reader = createReader({ programs: [folder], env: { PYTHONPATH, PIP_NO_INDEX: "1" } });
  expect(await followPage(page, readFileSync(join(repositoryRoot, page), "utf8"), reader)).toBeGreaterThan(7);
}, 600_000);
