import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createAuditChain } from "@outrigger/runtime/audit-chain";
import { afterAll, expect, it } from "vitest";
import { runProgram } from "../program.ts";
import { recordIo, type RecordedIo } from "../recorded-io.ts";

const folder = mkdtempSync(join(tmpdir(), "outrigger-audit-"));
afterAll(() => rmSync(folder, { recursive: true }));

const chain = createAuditChain("c0ffee");
const lines = [
  chain.add({ event: "start", namespace: "tools", pod: "git-1", server: "git" }),
  chain.add({ tool: "status", decision: "allow" }),
  '{"level":"info","msg":"a line of the log"}',
  chain.add({ tool: "push", decision: "deny" }),
  chain.add({ event: "end" }),
];

/** Runs `outrigger audit verify` on files of these contents, named f0, f1, ...; or on stdin. */
async function verify(texts: readonly string[], stdin?: string): Promise<RecordedIo> {
  const cwd = mkdtempSync(join(folder, "case-"));
  for (const [at, text] of texts.entries()) writeFileSync(join(cwd, `f${at}`), text);
  const recorded = recordIo({ cwd, ...(stdin === undefined ? {} : { stdin }) });
  await runProgram(recorded.io, ["audit", "verify", ...(stdin === undefined ? texts.map((_, at) => `f${at}`) : ["-"])]);
  return recorded;
}

const text = (kept: readonly string[]): string => kept.map((line) => `${line}\n`).join("");

it("finds a whole chain whole, in one file, in several, and on stdin", async () => {
  for (const found of [
    await verify([text(lines)]),
    await verify([text(lines.slice(0, 2)), text(lines.slice(2))]),
    await verify([], text(lines)),
  ]) {
    expect(found.out()).toBe("whole  c0ffee  tools/git-1/git  4 lines, ended in order\n");
    expect(found.exitCode()).toBeUndefined();
  }
});

it("names the first broken line", async () => {
  const changed = await verify([text(lines.map((line) => line.replace('"allow"', '"deny"')))]);
  expect(changed.out()).toBe("broken at f0:4: the line before it in the chain was changed\n");
  expect(changed.exitCode()).toBe(1);
  const removed = await verify([text(lines.slice(0, 2)), text(lines.slice(4))]);
  expect(removed.out()).toContain("broken at f1:1: line 2 of the chain is due and this is line 3");
});

it("says that a chain has no end yet, and what it lost", async () => {
  const open = await verify([text(lines.slice(0, 4))]);
  expect(open.out()).toContain("still open, or its end is missing");
  expect(open.exitCode()).toBeUndefined();
  const losing = createAuditChain("c0ffee");
  const lost = await verify([text([losing.add({ event: "start" }), losing.addLoss(3, { event: "lost" })])]);
  expect(lost.out()).toContain("3 decisions lost");
  expect(lost.exitCode()).toBe(1);
});

it("says where there is nothing to check, and what can't be read", async () => {
  const empty = await verify(["no audit line\n"]);
  expect(empty.out()).toBe("no audit lines in f0\n");
  expect(empty.exitCode()).toBe(1);
  const recorded = recordIo({ cwd: folder });
  await runProgram(recorded.io, ["audit", "verify", "nothing-there"]);
  expect(recorded.err()).toContain("nothing-there can't be read");
  expect(recorded.exitCode()).toBe(2);
});
