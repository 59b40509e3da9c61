/** Why a tool ranks where it does and what the catalogue knows of it: the read API, and `outrigger explain tool` over it. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runCommand, type CommandResult } from "../demo/stage/command.ts";
import { startAggregatorProgram, type RunningAggregator } from "../fixtures/aggregator.ts";
import { makeTool, startFakeSidecar, type FakeSidecar } from "../fixtures/fake-sidecar/sidecar.ts";
import { makeTestFolder } from "../fixtures/temporary-folder.ts";
import { waitFor } from "../fixtures/wait-for.ts";

const sidecars: FakeSidecar[] = [];
let aggregator: RunningAggregator;
beforeAll(async () => {
  sidecars.push(
    await startFakeSidecar("files", {
      tools: [makeTool("read_file", "Reads a file."), makeTool("write_file", "Writes text.")],
    }),
    await startFakeSidecar("mail", { tools: [makeTool("send_message", "Sends mail to people.")] }),
  );
  aggregator = await startAggregatorProgram(Object.fromEntries(sidecars.map((each) => [each.name, each.entry()])));
  await aggregator.ready();
  await waitFor("both servers", async () => {
    const { total } = await aggregator.get("/api/v1/tools");
    return total === 3;
  });
});
afterAll(async () => {
  await aggregator.close();
  for (const sidecar of sidecars) await sidecar.close();
});

interface Explained {
  readonly tools: readonly { readonly name: string; readonly score: number }[];
  readonly explanations?: readonly {
    readonly name: string;
    readonly rank?: number;
    readonly of: number;
    readonly score: number;
    readonly terms: readonly { readonly term: string; readonly score: number }[];
  }[];
}
const search = async (query: string): Promise<Explained> =>
  (await aggregator.get(`/api/v1/tools?${query}`)) as unknown as Explained;

describe("the read API", () => {
  it("explains the scores of a search where it is asked to, and is the same without", async () => {
    const plain = await search("q=read+a+file");
    const { explanations = [], ...outcome } = await search("q=read+a+file&explain=true");
    expect(outcome).toEqual(plain);
    expect(await search("q=read+a+file&explain=false")).toEqual(plain);
    expect(explanations.map(({ name, rank }) => [name, rank])).toEqual(
      plain.tools.map(({ name }, index) => [name, index + 1]),
    );
    for (const [at, { score }] of explanations.entries()) expect(score).toBeCloseTo(plain.tools[at]?.score ?? -1, 3);
  });

  it("explains one tool wherever it stands, and none that is not there", async () => {
    const { explanations = [] } = await search("q=read+a+file&limit=1&explain=true&explain_tool=mail__send_message");
    expect(explanations.map(({ name }) => name)).toEqual(["files__read_file", "mail__send_message"]);
    expect(explanations[1]).toMatchObject({ score: 0, terms: [] });
    expect(explanations[1]).not.toHaveProperty("rank");
    expect((await search("q=x&explain=true&explain_tool=nobody__x")).explanations).toEqual([]);
  });
});

describe("outrigger explain tool --endpoint", () => {
  const explain = (...args: readonly string[]): Promise<CommandResult> =>
    runCommand(["explain", "tool", ...args, "--endpoint", aggregator.url]);

  it("F-192 says where a tool ranks for words, and which of them count in which field", async () => {
    const { code, out, err } = await explain("files__write_file", "--query", "read a file");
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toContain("✓ files__write_file: listed and callable [Allowed]");
    expect(out).toMatch(/^ {4}rank {8}2 of 2, score 0\.\d\d \(\d+\.\d\d of the best one's \d+\.\d\d\)$/m);
    expect(out).toMatch(/^ {4}words {7}file \d\.\d\d: its name \d\.\d\d, the server's name \d\.\d\d$/m);
    expect(out).toMatch(/^ {4}without {5}read$/m);
  });

  it("F-192 names what was perhaps meant where there is no such tool, and how its server is", async () => {
    const { code, out } = await explain("files__raed_file");
    expect(code).toBe(3);
    expect(out).toContain("✗ files__raed_file: not in the catalogue [ToolUnknown]");
    expect(out).toContain("catalogue   Ready [Serving], 2 tools listed");
    expect(out).toMatch(/^ {4}nearest {5}files__read_file/m);
  });

  it("says that a server is not known, or why it is not well", async () => {
    const stranger = await explain("nobody__x");
    expect([stranger.code, stranger.out]).toEqual([3, expect.stringContaining("the aggregator knows no such server")]);
    const [, mail] = sidecars;
    mail?.control.tell({
      health: { state: "Dead", reason: "ProcessExited", message: "Its process ended.", sinceMs: 1 },
    });
    await waitFor("the state to be told", async () => {
      const { servers } = (await aggregator.get("/api/v1/servers")) as { servers: { name: string; state: string }[] };
      return servers.some(({ name, state }) => name === "mail" && state === "Dead");
    });
    const { code, out } = await explain("mail__nothing");
    expect(code).toBe(3);
    expect(out).toContain("[ProcessExited]");
  });

  it("takes a server's own name beside --server, and prints one document with --json", async () => {
    const { code, out } = await explain("read_file", "--server", "files", "--query", "read a file", "--json");
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      ok: true,
      name: "files__read_file",
      tool: "read_file",
      server: "files",
      outcome: "listed",
      catalogue: { listed: true, server: { state: "Ready" } },
      rank: { rank: 1, of: 2, exact: false },
    });
  });

  it("judges by a policy file, and ranks by the aggregator, where both are named", async () => {
    const file = join(makeTestFolder("explain"), "policy.yaml");
    writeFileSync(file, "tools: {deny: [write_*]}\n");
    const { code, out } = await explain("files__write_file", "--server", "files", "--policy", file, "--query", "write");
    expect(code).toBe(4);
    expect(out).toContain("✗ files__write_file: hidden [ToolDenied]");
    expect(out).toContain('denies "write_*"');
    expect(out).toMatch(/^ {4}rank {8}1 of 1/m);
  });
});
