import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { makeTestFolder } from "../fixtures/temporary-folder.ts";
import { waitFor } from "../fixtures/wait-for.ts";
import { buildShim } from "./build.ts";
import { bytesWrittenBy, childrenOf, residentKib } from "./processes.ts";
import { connectPeer, exchange, hearLines, startShim, type RunningShim } from "./running-shim.ts";

const megabyte = 1024 ** 2;

/** A condition that holds when a number has been the same a dozen times in a row. */
function createSteadiness(read: () => number): () => boolean {
  let last = Number.NaN;
  let times = 0;
  return () => {
    const now = read();
    times = now === last ? times + 1 : 0;
    last = now;
    return times >= 12;
  };
}

describe.each(["static", "sanitized"] as const)("bytes through the %s shim", (build) => {
  const binary = buildShim(build);
  const start = (command: readonly string[], ...options: readonly string[]): Promise<RunningShim> =>
    startShim({ binary, command, options });

  it("arrive unchanged both ways, every byte value and ten megabytes of them", async () => {
    const shim = await start(["cat"]);
    const sent = Buffer.alloc(10 * megabyte);
    for (let at = 0; at < sent.length; at++) sent[at] = (at * 31 + (at >> 8) * 17) & 0xff;
    const peer = await connectPeer(shim);
    peer.socket.end(sent);
    await peer.ended;
    const heard = peer.heard();
    expect(heard.subarray(0, sent.length).equals(sent)).toBe(true);
    expect(heard.subarray(sent.length).toString()).toBe("\noutrigger-shim: exited 0\n");
  });

  it("are passed on as they come, without waiting for a line or an end", async () => {
    const shim = await start(["cat"]);
    const peer = await connectPeer(shim);
    for (const part of ["a", "\0", "b\r\n"]) {
      const before = peer.heard().length;
      peer.socket.write(part);
      await waitFor("it came back", () => peer.heard().length === before + part.length);
    }
    expect(peer.text()).toBe("a\0b\r\n");
  });

  it("of two hundred sessions at once never mix", async () => {
    const shim = await start(["sh", "-c", 'read word; echo "heard $word"'], "--max-sessions", "200");
    const heard = await Promise.all(Array.from({ length: 200 }, (_, index) => exchange(shim, `word ${index}\n`)));
    expect(heard).toEqual(Array.from({ length: 200 }, (_, index) => `heard word ${index}\noutrigger-shim: exited 0\n`));
  });

  it("written before the end of a peer's side are all answered: a half close passes to stdin", async () => {
    const shim = await start(["sort"]);
    expect(await exchange(shim, "b\nc\na\n")).toBe("a\nb\nc\noutrigger-shim: exited 0\n");
  });

  it("still reach a process that has closed its stdout: a half close passes to the peer", async () => {
    const file = join(makeTestFolder("shim"), "heard");
    const shim = await startShim({
      binary,
      command: ["sh", "-c", 'echo out; exec >&-; exec cat > "$FILE"'],
      env: { FILE: file },
    });
    const peer = await connectPeer(shim);
    expect(await peer.ended).toBe("out\n");
    peer.socket.write("after the end of stdout\n");
    await waitFor("it arrived", () => readFileSync(file, "utf8") === "after the end of stdout\n");
    peer.socket.destroy();
  });

  it("still come from a process that has closed its stdin, and its peer can't write any more", async () => {
    const shim = await start(["sh", "-c", "exec <&-; echo deaf; while :; do sleep 0.05; echo more; done"]);
    const peer = await connectPeer(shim);
    const heard = await hearLines(peer, 25);
    expect(heard[0]).toBe("deaf");
    peer.socket.write("x");
    await waitFor("the write fails", () => peer.failed() === "EPIPE");
  });

  it("wait where a peer is slow, and the shim's memory does not grow", async () => {
    const shim = await start(["head", "-c", String(50 * megabyte), "/dev/zero"]);
    const before = residentKib(shim.pid);
    const peer = await connectPeer(shim);
    peer.socket.pause();
    const writer = await waitFor("it writes", () => childrenOf(shim.pid)[0]?.pid);
    await waitFor(
      "it stands still",
      createSteadiness(() => bytesWrittenBy(writer)),
    );
    expect(residentKib(shim.pid) - before).toBeLessThan(build === "static" ? 512 : 8_192);
    peer.socket.resume();
    const heard = await peer.ended;
    expect(heard.length).toBe(50 * megabyte + "\noutrigger-shim: exited 0\n".length);
  });

  it("wait where a process does not read, and the shim's memory does not grow", async () => {
    const shim = await start(["sleep", "1000"]);
    const before = residentKib(shim.pid);
    const peer = await connectPeer(shim);
    peer.socket.write(Buffer.alloc(20 * megabyte));
    // One whole session later the shim has read what it ever will.
    expect(await exchange(await start(["cat"]), "x")).toBe("x\noutrigger-shim: exited 0\n");
    expect(peer.socket.writableLength).toBe(20 * megabyte);
    expect(residentKib(shim.pid) - before).toBeLessThan(build === "static" ? 512 : 8_192);
  });

  it("of a process that ended are delivered to a peer that still writes", async () => {
    const shim = await start(["sh", "-c", "echo last words; exit 3"]);
    const peer = await connectPeer(shim);
    const writing = setInterval(() => peer.socket.writable && peer.socket.write("x".repeat(1_000)), 1);
    const heard = await peer.ended;
    clearInterval(writing);
    expect(heard).toBe("last words\noutrigger-shim: exited 3\n");
    expect(peer.failed()).toBeUndefined();
  });

  it("of stderr go to the shim's own, and stdout never does", async () => {
    const shim = await start(["sh", "-c", "echo to the log >&2; echo to the peer"]);
    expect(await exchange(shim, "")).toBe("to the peer\noutrigger-shim: exited 0\n");
    await waitFor("it was logged", () => shim.said() !== "");
    expect(shim.said()).toBe("to the log\n");
  });
});

describe("a thousand sessions", () => {
  it("run at once, and their end leaves room for the next thousand", async () => {
    const shim = await startShim({ binary: buildShim(), command: ["cat"], options: ["--max-sessions", "1000"] });
    for (const round of [1, 2]) {
      const peers = await Promise.all(Array.from({ length: 1_000 }, () => connectPeer(shim)));
      for (const [index, peer] of peers.entries()) peer.socket.write(`${round}/${index}\n`);
      await Promise.all(peers.map((peer) => hearLines(peer, 1)));
      expect(peers.every((peer, index) => peer.text() === `${round}/${index}\n`)).toBe(true);
      for (const { socket } of peers) socket.destroy();
      await waitFor("all are closed", () => peers.every(({ socket }) => socket.closed));
    }
  }, 40_000);
});
