import { describe, expect, it } from "vitest";
import { createAuditChain, hashLine, noLine } from "./audit-chain.ts";
import { createAuditVerifier, type BrokenLine } from "./audit-verify.ts";

/** A chain of a start, some decisions and an end. */
function makeLines(id: string, tools: readonly string[], previous?: string): string[] {
  const chain = createAuditChain(id, previous);
  const lines = [chain.add({ event: "start", pod: "p" }), ...tools.map((tool) => chain.add({ tool }))];
  return [...lines, chain.add({ event: "end" })];
}

function verify(lines: readonly string[]): BrokenLine | undefined {
  const verifier = createAuditVerifier();
  for (const [at, line] of lines.entries()) {
    const broken = verifier.take(line, `f:${at + 1}`);
    if (broken !== undefined) return broken;
  }
  return undefined;
}

const whole = makeLines("a", ["one", "two", "three"]);

describe("a chain of audit lines", () => {
  it("names in each line the hash of the one before it", () => {
    const parsed = whole.map((line) => JSON.parse(line) as { seq: number; prev: string });
    expect(parsed.map(({ seq }) => seq)).toEqual([0, 1, 2, 3, 4]);
    expect(parsed.map(({ prev }) => prev)).toEqual([noLine, ...whole.slice(0, -1).map(hashLine)]);
  });

  it("is found whole", () => {
    const verifier = createAuditVerifier();
    for (const line of ["", '{"msg":"listening"}', ...whole, "no json"])
      expect(verifier.take(line, "f")).toBeUndefined();
    expect(verifier.chains()).toMatchObject([{ id: "a", lines: 5, lost: 0, hasEnd: true, start: { pod: "p" } }]);
  });

  it.each(whole.slice(0, -1).map((_, at) => at))("shows that line %d of it was removed", (at) => {
    expect(verify(whole.toSpliced(at, 1))?.at).toBe(`f:${at + 1}`);
  });

  it.each([0, 1, 2, 3])("shows that line %d of it was changed", (at) => {
    const changed = (whole[at] ?? "").replace("}", ',"x":1}');
    expect(verify(whole.toSpliced(at, 1, changed))).toEqual({
      at: `f:${at + 2}`,
      why: "the line before it in the chain was changed",
    });
  });

  it("shows lines that were swapped, doubled, put in, cut or written behind its end", () => {
    // Five lines were made.
    const [start, one, two, three, end] = whole as [string, string, string, string, string];
    expect(verify([start, two, one, three, end])?.at).toBe("f:2");
    expect(verify([start, one, one, two])?.at).toBe("f:3");
    const forged = createAuditChain("a", noLine);
    forged.add({ event: "start", pod: "p" });
    expect(verify([start, forged.add({ tool: "forged" }), two])?.at).toBe("f:3");
    expect(verify([start, one.slice(0, -5), two])?.why).toContain("not a whole audit line");
    expect(verify([...whole, whole[4] ?? ""])?.why).toContain("has ended before");
    expect(verify([start, one.replace('"seq":1', '"seq":"1"')])?.why).toContain("not a whole audit line");
  });

  it("counts what was lost, so that a loss is no break and can't be made up", () => {
    const chain = createAuditChain("a");
    const start = chain.add({ event: "start" });
    const loss = chain.addLoss(7, { event: "lost" });
    const after = chain.add({ tool: "x" });
    expect(chain.head()).toEqual({ seq: 9, hash: hashLine(after) });
    expect(verify([start, loss, after])).toBeUndefined();
    expect(verify([start, after])?.at).toBe("f:2");
    const verifier = createAuditVerifier();
    for (const line of [start, loss, after]) verifier.take(line, "f");
    expect(verifier.chains()).toMatchObject([{ lost: 7, lines: 3, hasEnd: false }]);
  });

  it("goes on from the line before it in the same file, and says when that is missing", () => {
    const next = makeLines("b", ["four"], hashLine(whole.at(-1) ?? ""));
    expect(verify([...whole, ...next])).toBeUndefined();
    expect(verify([...whole.slice(0, -1), ...next])).toMatchObject({ at: "f:5" });
    expect(verify(whole.slice(2))?.why).toContain("whose beginning is missing");
  });

  it("is one line for every reader, whatever a caller wrote", () => {
    const line = createAuditChain("a").add({ tool: "a\nb\u2028c\u2029d\re" });
    expect(line).not.toMatch(/[\n\r\u2028\u2029]/);
    expect(JSON.parse(line)).toMatchObject({ tool: "a\nb\u2028c\u2029d\re" });
  });

  it("is checked beside others whose lines stand between its own", () => {
    const other = makeLines("b", ["x", "y", "z"]);
    const mixed = whole.flatMap((line, at) => [line, other[at] ?? ""]);
    expect(verify(mixed)).toBeUndefined();
    expect(verify(mixed.toSpliced(3, 1))?.at).toBe("f:5");
  });
});
