/** The tool that the sidecar judges is the tool that the server's own parser calls: a server of the Python SDK. */
import { it } from "vitest";
import { expectOnlyJudged } from "./expect-judged.ts";
import { startPythonApp } from "./python-app.ts";

it("the Python SDK runs nothing but what the sidecar judged and allowed, of 2,000 bodies", async () => {
  await expectOnlyJudged(await startPythonApp());
}, 300_000);
