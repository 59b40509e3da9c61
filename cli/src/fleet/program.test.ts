import { expect, it } from "vitest";
import { findPrograms } from "./program.ts";

const urlsOf = (root: string, main: string): { sidecar: string; aggregator: string } => ({
  sidecar: `file:///${root}/sidecar/${main}`,
  aggregator: `file:///${root}/aggregator/${main}`,
});

it("runs sources as they are in a clone, and the build elsewhere", () => {
  const clone = findPrograms(urlsOf("clone", "src/main.ts"), "/bin/node");
  expect(clone.sidecar).toEqual([
    "/bin/node",
    "--conditions=outrigger-source",
    "--disable-warning=ExperimentalWarning",
    "/clone/sidecar/src/main.ts",
  ]);
  const built = findPrograms(urlsOf("pkg", "dist/main.js"), "/bin/node");
  expect(built.aggregator).toEqual(["/bin/node", "/pkg/aggregator/dist/main.js"]);
});
