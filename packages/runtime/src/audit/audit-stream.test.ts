import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createAuditVerifier } from "./audit-verify.ts";
import { createLogger } from "../logger.ts";
import { describe, expect, it, onTestFinished, vi } from "vitest";

import { openFileSink, type AuditSink } from "./audit-sink.ts";
import { createAuditStream, type AuditStream } from "./audit-stream.ts";

function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "outrigger-audit-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Waits until a condition holds. */
const until = (text: string, condition: () => boolean): Promise<unknown> =>
  vi.waitFor(() => expect(condition(), text).toBe(true), { timeout: 30_000, interval: 10 });

interface Logged {
  readonly msg: string;
}

/** A stream on a sink, with what is logged of it. */
function start(sink: AuditSink, chainId = "c", maxPendingBytes = 1024 ** 2): { stream: AuditStream; logged: Logged[] } {
  const logged: Logged[] = [];
  const destination = { write: (line: string) => void logged.push(JSON.parse(line) as Logged) };
  const logger = createLogger({ component: "sidecar", version: "test", destination });
  const options = {
    sink,
    chainId,
    logger,
    maxPendingBytes,
    start: { pod: "p" },
    wallNow: () => 0,
    gatherMs: 5,
    retryMs: 1,
  };
  return { stream: createAuditStream(options), logged };
}

/** A sink in memory that can fail, and that takes so many bytes at once. */
function makeSink(takesBytes = 1_000_000) {
  const written: Buffer[] = [];
  const sink = {
    failing: false,
    previous: "0".repeat(64),
    pieceBytes: 300,
    write: (bytes: Buffer): Promise<number> => {
      if (sink.failing) return Promise.reject(new Error("no space"));
      const part = Buffer.from(bytes.subarray(0, takesBytes));
      written.push(part);
      return Promise.resolve(part.length);
    },
    close: () => Promise.resolve(),
  };
  return { sink, written, text: () => Buffer.concat(written).toString() };
}

function verify(texts: readonly string[]) {
  const verifier = createAuditVerifier();
  const broken = texts
    .flatMap((text, file) => text.split("\n").map((line, at) => verifier.take(line, `${file}:${at + 1}`)))
    .filter((each) => each !== undefined);
  return { broken, chains: verifier.chains() };
}

describe("the audit stream", () => {
  it("writes whole lines in few writes, and ends its chain", async () => {
    const { sink, written, text } = makeSink();
    const { stream } = start(sink);
    for (let at = 0; at < 20; at++) stream.append({ tool: `t${at}` });
    await stream.close(1_000);
    expect(verify([text()])).toMatchObject({ broken: [], chains: [{ lines: 22, hasEnd: true }] });
    expect(written.length).toBeLessThan(22);
    for (const piece of written) expect(piece.toString().endsWith("\n")).toBe(true);
  });

  it("finishes a line of which only a part could be written", async () => {
    const { sink, text } = makeSink(7);
    const { stream } = start(sink);
    stream.append({ tool: "a" });
    await stream.close(1_000);
    expect(verify([text()])).toMatchObject({ broken: [], chains: [{ lines: 3 }] });
  });

  it("goes on where it could not write, counts what it could not hold, and the chain shows the gap", async () => {
    const { sink, text } = makeSink();
    const { stream, logged } = start(sink, "c", 1_000);
    sink.failing = true;
    for (let at = 0; at < 50; at++) stream.append({ tool: `t${at}` });
    await until("the failure", () => stream.status().failure === "no space");
    const { lost } = stream.status();
    expect(lost).toBeGreaterThan(30);
    sink.failing = false;
    await until("the end of the failure", () => stream.status().failure === undefined);
    await until("room", () => {
      stream.append({ tool: "later" });
      return text().includes('"event":"lost"');
    });
    await stream.close(1_000);
    const { broken, chains } = verify([text()]);
    expect(broken).toEqual([]);
    expect(chains).toMatchObject([{ hasEnd: true, lost: stream.status().lost }]);
    expect(logged.map(({ msg }) => msg)).toEqual([
      "audit lines can't be written, calls go on",
      "audit lines are written again",
    ]);
  });

  it("does not keep a process from its end where nothing can be written", async () => {
    const { sink } = makeSink();
    const { stream } = start(sink);
    sink.failing = true;
    await stream.close(20);
    stream.append({ tool: "too late" });
    expect(stream.status()).toMatchObject({ lost: 1 });
  });
});

describe("an audit file", () => {
  it("is gone on with by the next process, in one chain of chains", async () => {
    const file = join(makeFolder(), "audit.jsonl");
    for (const id of ["one", "two"]) {
      const { stream } = start(await openFileSink(file, () => 0), id);
      stream.append({ tool: id });
      await stream.close(5_000);
    }
    const text = readFileSync(file, "utf8");
    expect(verify([text])).toMatchObject({ broken: [], chains: [{ id: "one" }, { id: "two" }] });
    const lines = text.split("\n");
    expect(verify([lines.toSpliced(2, 1).join("\n")]).broken[0]?.at).toBe("0:3");
  });

  it("keeps a line that a crash has cut, so that it can be seen", async () => {
    const file = join(makeFolder(), "audit.jsonl");
    writeFileSync(file, '{"kind":"audit","chain":"x","se');
    const { stream } = start(await openFileSink(file, () => 0));
    await stream.close(5_000);
    const { broken, chains } = verify([readFileSync(file, "utf8")]);
    expect(broken.map(({ at }) => at)).toEqual(["0:1"]);
    expect(chains).toMatchObject([{ lines: 2, hasEnd: true }]);
  });

  it("is opened anew after it was moved away, and the chain goes on in the next one", async () => {
    const file = join(makeFolder(), "audit.jsonl");
    let nowMs = 0;
    const { stream } = start(await openFileSink(file, () => nowMs));
    stream.append({ tool: "first" });
    await until("the first line", () => readFileSync(file, "utf8").includes("first"));
    renameSync(file, `${file}.1`);
    nowMs += 1_000;
    stream.append({ tool: "second" });
    await stream.close(5_000);
    const [old, current] = [`${file}.1`, file].map((name) => readFileSync(name, "utf8"));
    expect(current).toContain("second");
    expect(verify([old ?? "", current ?? ""])).toMatchObject({ broken: [], chains: [{ lines: 4, hasEnd: true }] });
    expect(verify([current ?? ""]).broken[0]?.why).toContain("beginning is missing");
  });
});
