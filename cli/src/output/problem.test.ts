import { expect, it } from "vitest";
import { recordIo } from "../recorded-io.ts";
import { reportProblem } from "./problem.ts";

it("says what, where and the next command on stderr, and sets the exit code of its code", () => {
  const run = recordIo({});
  reportProblem(run.io, {
    code: "OUTRIGGER_ERR_PORT_TAKEN",
    what: "Port 1 is in use.",
    details: ["here"],
    next: "outrigger up --port 2",
  });
  expect(run.err()).toBe(
    "error: Port 1 is in use. [OUTRIGGER_ERR_PORT_TAKEN]\n  here\n  next: outrigger up --port 2\n",
  );
  expect(run.out()).toBe("");
  expect(run.exitCode()).toBe(3);
});
