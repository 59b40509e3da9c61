import { words } from "@outrigger/api/words";
import { describe, expect, it } from "vitest";
import { mayRepeat } from "./repeat.ts";

const tool = (annotations?: unknown) => ({
  name: "run",
  definition: { name: "run", ...(annotations === undefined ? {} : { annotations }) },
});

describe("F-109 a call that may have reached its server is repeated", () => {
  it.each([
    [{ readOnlyHint: true }, ["ReadOnly", "Idempotent"]],
    [{ idempotentHint: true }, ["Idempotent"]],
    [{ readOnlyHint: false, idempotentHint: false }, []],
    [{ readOnlyHint: "true", idempotentHint: 1 }, []],
    [undefined, []],
    ["readOnlyHint", []],
    [null, []],
  ])("of a tool that says %j only where its owner says %j", (annotations, allowed) => {
    expect(words.retry.filter((retry) => mayRepeat(tool(annotations), [], retry))).toEqual(allowed);
  });

  it("never where a replica reports the tool as not the approved one", () => {
    const finding = { digest: "d", state: "Changed", fields: [], withheld: false } as const;
    // Of the feed only findings are looked at.
    const report = (name: string) => ({ feed: { findings: [{ ...finding, tool: name }] } as never });
    const hinted = tool({ readOnlyHint: true });
    expect(mayRepeat(hinted, [report("run")], "ReadOnly")).toBe(false);
    expect(mayRepeat(hinted, [report("other")], "ReadOnly")).toBe(true);
  });
});
