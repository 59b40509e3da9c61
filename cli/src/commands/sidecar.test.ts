import { expect, it } from "vitest";
import { toSidecarArgs } from "./sidecar.ts";

it("leaves --stdio out, with or without its value, and touches nothing behind --", () => {
  expect(toSidecarArgs(["--server", "a", "--stdio", "--", "cmd", "--stdio", "yes"])).toEqual([
    ...["--server", "a", "--", "cmd", "--stdio", "yes"],
  ]);
  expect(toSidecarArgs(["--stdio", "yes", "--log-level", "info", "--", "x"])).toEqual([
    "--log-level",
    "info",
    "--",
    "x",
  ]);
  expect(toSidecarArgs(["--watch-stdin", "yes"])).toEqual(["--watch-stdin", "yes"]);
});
