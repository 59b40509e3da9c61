/** `outrigger explain tool` by a policy file: what it prints, how it ends, what it refuses. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runProgram } from "../program.ts";
import { recordIo, type RecordedIo } from "../recorded-io.ts";

const policy = `tools:
  deny: ["delete_*"]
rules:
  - {name: staff-only, action: Deny, tools: [read_secret], when: '!("staff" in caller.groups)'}
  - {name: no-destruction, action: Deny, hints: {destructiveHint: true}, tools: [drop]}
  - {name: no-etc, action: Deny, tools: [read_file], when: 'args.path.startsWith("/etc")'}
limits:
  - {name: slow, tools: ["read_*"], rate: 60/m, per: [Caller]}
`;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "outrigger-explain-tool-"));
  writeFileSync(join(folder, "policy.yaml"), policy);
  writeFileSync(join(folder, "wrong.yaml"), "tools: {deny: [a b]}\nlimit: []\n");
  writeFileSync(join(folder, "condition.yaml"), "rules:\n  - {name: x, action: Deny, when: 'size('}\n");
  writeFileSync(join(folder, "empty.yaml"), "# nothing\n");
  writeFileSync(join(folder, "tool.json"), '{"name":"drop","annotations":{"destructiveHint":false}}');
  writeFileSync(join(folder, "list.json"), "[]");
});
afterAll(() => rmSync(folder, { recursive: true }));

async function run(...args: readonly string[]): Promise<RecordedIo> {
  const recorded = recordIo({ cwd: folder, env: { OUTRIGGER_ENDPOINT: "http://127.0.0.1:9" } });
  await runProgram(recorded.io, ["explain", "tool", ...args]);
  return recorded;
}
const judge = (...args: readonly string[]): Promise<RecordedIo> => run(...args, "--policy", "policy.yaml");

describe("outrigger explain tool --policy", () => {
  it("F-192 says why a tool is hidden, and which clause decided", async () => {
    const { out, exitCode } = await judge("delete_file");
    expect(exitCode()).toBe(4);
    expect(out()).toBe(`✗ delete_file: hidden [ToolDenied]
    why         Policy hides and denies this tool.
    caller      nobody that is vouched for: rules that name callers can't know it
    policy      policy.yaml
    decided by  policy file policy.yaml: denies "delete_*"
    limits      none
    sizes       request 4 MiB, answer 10 MiB
    note        policy looks at hints, and the tool's definition is not known: it counts as declaring none; --definition names one
`);
  });

  it("F-192 judges for the caller that is described", async () => {
    expect((await judge("read_secret")).exitCode()).toBe(4);
    expect((await judge("read_secret", "--caller", "user:eve")).exitCode()).toBe(4);
    const staff = await judge("read_secret", "--caller", "user:alice", "--group", "staff");
    expect(staff.exitCode()).toBe(0);
    expect(staff.out()).toContain("✓ read_secret: allowed [Allowed]");
    expect(staff.out()).toContain("caller      User alice; groups staff");
    expect(staff.out()).toContain("limits      slow: 60/m, 60 at once, for each caller");
  });

  it("judges arguments, and hints of a definition", async () => {
    const refused = await judge("read_file", "--arguments", '{"path":"/etc/passwd"}');
    expect(refused.exitCode()).toBe(4);
    expect(refused.out()).toContain("listed, and this call refused [ArgumentsDenied]");
    expect(refused.out()).toContain('rule "no-etc"');
    expect((await judge("drop")).exitCode()).toBe(4);
    const defined = await judge("drop", "--definition", "tool.json");
    expect([defined.exitCode(), defined.out().includes("note")]).toEqual([0, false]);
  });

  it("prints one document with --json", async () => {
    const { out } = await judge("delete_file", "--json");
    expect(JSON.parse(out())).toMatchObject({
      ok: false,
      name: "delete_file",
      outcome: "hidden",
      reason: "ToolDenied",
      verdict: { action: "deny", causes: [{ origin: "policy file policy.yaml", text: 'denies "delete_*"' }] },
    });
  });

  it.each([
    [["x", "--policy", "wrong.yaml"], "wrong.yaml: line 2: limit: expected no such key"],
    [["x", "--policy", "condition.yaml"], "condition.yaml: line 2: rules.0.when: expected a CEL expression"],
    [["x", "--policy", "empty.yaml"], "empty.yaml: line 1: the document: expected a policy; {} allows everything"],
    [["x", "--policy", "nothing.yaml"], "Can't read nothing.yaml"],
    [["x", "--policy", "policy.yaml", "--caller", "bob"], "--caller: expected user:NAME"],
    [["x", "--policy", "policy.yaml", "--claim", "novalue"], "Expected KEY=VALUE"],
    [["x", "--policy", "policy.yaml", "--arguments", "[]"], "--arguments: expected a JSON object"],
    [["x", "--policy", "policy.yaml", "--definition", "list.json"], "list.json: expected a tool's definition"],
    [["x", "--policy", "policy.yaml", "--query", "y"], "--query: expected --endpoint"],
    [["x", "--endpoint", "nowhere"], "--endpoint: expected an address"],
  ])("refuses %j with what was expected", async (args, message) => {
    const { err, out, exitCode } = await run(...args);
    expect(err()).toContain(message);
    expect([exitCode(), out()]).toEqual([2, ""]);
  });

  it("says that nobody answers, where the only source is an aggregator", async () => {
    const { out, exitCode } = await run("tools__search__query", "--endpoint", "http://127.0.0.1:9");
    expect(exitCode()).toBe(5);
    expect(out()).toContain("? tools__search__query: not known [UpstreamUnavailable]");
    expect(out()).toContain("the catalogue could not be asked: the aggregator at http://127.0.0.1:9");
  });
});
