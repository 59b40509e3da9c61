import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { readCallInput, type CallInput } from "./call-input.ts";

const cwd = mkdtempSync(join(tmpdir(), "outrigger-input-"));
afterAll(() => rmSync(cwd, { recursive: true }));
const read = (json: string | undefined, stdin?: string): Promise<CallInput> =>
  readCallInput({ cwd, readStdin: () => Promise.resolve(stdin ?? "") }, { json, dash: stdin !== undefined });

describe("readCallInput", () => {
  it("reads arguments from the option, a file and stdin; none are an empty object", async () => {
    writeFileSync(join(cwd, "a.json"), '{"from":"file"}');
    expect(await read('{"from":"option"}')).toEqual({ ok: true, value: { from: "option" } });
    expect(await read("@a.json")).toEqual({ ok: true, value: { from: "file" } });
    expect(await read(undefined, '{"from":"stdin"}')).toEqual({ ok: true, value: { from: "stdin" } });
    expect(await read(undefined)).toEqual({ ok: true, value: {} });
  });

  it("refuses what is no JSON object, and says where it came from", async () => {
    expect(await read("[1]")).toMatchObject({
      ok: false,
      what: expect.stringMatching(/^--json: expected a JSON object/) as string,
    });
    expect(await read(undefined, "{")).toMatchObject({ ok: false, what: expect.stringMatching(/^stdin: /) as string });
    expect(await read("@missing.json")).toMatchObject({
      ok: false,
      what: expect.stringContaining("missing.json") as string,
    });
    expect(await read("{}", "{}")).toMatchObject({ ok: false, what: expect.stringContaining("not both") as string });
  });
});
