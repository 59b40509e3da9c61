import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { makeTestFolder } from "../fixtures/temporary-folder.ts";
import { waitFor } from "../fixtures/wait-for.ts";
import { buildShim } from "./build.ts";
import { childrenOf, findProcess, isRunning } from "./processes.ts";
import { connectPeer, exchange, hearLines, startShim, type RunningShim } from "./running-shim.ts";

/** Writes what happens to it into a file, and ends by SIGKILL only. */
const stubborn = [
  "sh",
  "-c",
  'trap "echo TERM >> $LOG" TERM; echo $$; cat > /dev/null; echo EOF >> $LOG; while :; do sleep 0.05; done',
] as const;

const quick = ["--stdin-wait", "100", "--term-wait", "100"] as const;

describe.each(["static", "sanitized"] as const)("the end of a session in the %s shim", (build) => {
  const binary = buildShim(build);
  const start = (command: readonly string[], ...options: readonly string[]): Promise<RunningShim> =>
    startShim({ binary, command, options });
  const startStubborn = async (...options: readonly string[]): Promise<RunningShim & { log: () => string }> => {
    const file = join(makeTestFolder("shim"), "log");
    const shim = await startShim({ binary, command: stubborn, options, env: { LOG: file } });
    return { ...shim, log: () => readFileSync(file, "utf8") };
  };

  it("by the death of its process closes that connection only, and says how it died", async () => {
    const shim = await start(["sh", "-c", "echo $$; exec cat"]);
    const [killed, other] = [await connectPeer(shim), await connectPeer(shim)];
    const [pid = ""] = await hearLines(killed, 1);
    await hearLines(other, 1);
    process.kill(Number(pid), "SIGKILL");
    expect(await killed.ended).toBe(`${pid}\noutrigger-shim: killed 9\n`);
    other.socket.write("unharmed\n");
    expect((await hearLines(other, 2))[1]).toBe("unharmed");
  });

  it("carries the exit code, behind whatever was written before", async () => {
    const shim = await start(["sh", "-c", "read code; printf 'no newline'; exit $code"]);
    expect(await exchange(shim, "0\n")).toBe("no newline\noutrigger-shim: exited 0\n");
    expect(await exchange(shim, "42\n")).toBe("no newline\noutrigger-shim: exited 42\n");
  });

  it("by the peer closes stdin, then sends SIGTERM, then SIGKILL", async () => {
    const shim = await startStubborn(...quick);
    const peer = await connectPeer(shim);
    const [pid = ""] = await hearLines(peer, 1);
    peer.socket.destroy();
    await waitFor("it is gone", () => findProcess(Number(pid)) === undefined);
    expect(shim.log()).toBe("EOF\nTERM\n");
  });

  it("by the peer leaves a process that ends by itself its time", async () => {
    const file = join(makeTestFolder("shim"), "log");
    const command = ["sh", "-c", 'trap "echo TERM >> $LOG" TERM; cat > /dev/null; sleep 0.2; echo done >> $LOG'];
    const shim = await startShim({ binary, command, env: { LOG: file } });
    (await connectPeer(shim)).socket.destroy();
    await waitFor("it is done", () => readFileSync(file, "utf8") === "done\n");
    await waitFor("it is reaped", () => childrenOf(shim.pid).length === 0);
    expect(readFileSync(file, "utf8")).toBe("done\n");
  });

  it("delivers what a peer sent before it left", async () => {
    const file = join(makeTestFolder("shim"), "heard");
    const shim = await startShim({ binary, command: ["sh", "-c", 'cat > "$FILE"'], env: { FILE: file } });
    const peer = await connectPeer(shim);
    await new Promise((resolve) => peer.socket.write("x".repeat(100_000), resolve));
    peer.socket.destroy();
    await waitFor("it arrived", () => readFileSync(file, "utf8").length === 100_000);
  });

  it("takes with it what the process started", async () => {
    const shim = await start(["sh", "-c", "sleep 1000 & echo $!; read word"]);
    const peer = await connectPeer(shim);
    const [sleeper = ""] = await hearLines(peer, 1);
    expect(isRunning(Number(sleeper))).toBe(true);
    peer.socket.write("end\n");
    expect(await peer.ended).toBe(`${sleeper}\noutrigger-shim: exited 0\n`);
    await waitFor("it is gone, and no zombie", () => findProcess(Number(sleeper)) === undefined);
  });

  it("is not held up by a process that left the group and keeps stdout open, which is reaped when it ends", async () => {
    const shim = await start(["sh", "-c", "setsid sh -c 'echo $$; exec sleep 1000' & read word; exit 4"]);
    const peer = await connectPeer(shim);
    // It speaks when it has left the group.
    const [pid = ""] = await hearLines(peer, 1);
    onTestFinished(() => {
      if (isRunning(Number(pid))) process.kill(Number(pid), "SIGKILL");
    });
    peer.socket.write("end\n");
    expect(await peer.ended).toBe(`${pid}\noutrigger-shim: exited 4\n`);
    expect(findProcess(Number(pid))).toMatchObject({ parent: shim.pid, group: Number(pid) });
    process.kill(Number(pid), "SIGKILL");
    await waitFor("it is reaped", () => findProcess(Number(pid)) === undefined);
  });

  it("leaves no zombie after many short sessions", async () => {
    const shim = await start(["true"]);
    await Promise.all(Array.from({ length: 50 }, () => exchange(shim, "")));
    await waitFor("all are reaped", () => childrenOf(shim.pid).length === 0);
  });
});

describe.each(["static", "sanitized"] as const)("the end of the %s shim", (build) => {
  const binary = buildShim(build);

  it.each(["SIGTERM", "SIGINT", "SIGQUIT", "SIGHUP"] as const)(
    "by %s lets sessions end, says so to their peers and exits with 0",
    async (signal) => {
      const shim = await startShim({ binary, command: ["sh", "-c", "echo ready; cat; echo goodbye"] });
      const peers = await Promise.all([connectPeer(shim), connectPeer(shim)]);
      await Promise.all(peers.map((peer) => hearLines(peer, 1)));
      shim.kill(signal);
      for (const peer of peers) expect(await peer.ended).toBe("ready\ngoodbye\noutrigger-shim: exited 0\n");
      peers.forEach(({ socket }) => socket.destroy());
      expect(await shim.ended).toBe(0);
      expect(shim.said()).toBe("");
      await expect(connectPeer(shim)).rejects.toThrow("ENOENT");
    },
  );

  it("goes through the same order with every process and waits for them", async () => {
    const logs = join(makeTestFolder("shim"), "log");
    const shim = await startShim({ binary, command: stubborn, options: quick, env: { LOG: logs } });
    const peers = await Promise.all([connectPeer(shim), connectPeer(shim)]);
    const pids = (await Promise.all(peers.map((peer) => hearLines(peer, 1)))).flat().map(Number);
    shim.kill("SIGTERM");
    for (const peer of peers) expect(await peer.ended).toMatch(/\noutrigger-shim: killed 9\n$/);
    peers.forEach(({ socket }) => socket.destroy());
    expect(await shim.ended).toBe(0);
    expect(pids.filter(isRunning)).toEqual([]);
    const log = readFileSync(logs, "utf8").trimEnd().split("\n");
    expect(log.toSorted()).toEqual(["EOF", "EOF", "TERM", "TERM"]);
    expect(log[0]).toBe("EOF");
  });

  it("does not wait for a peer that never reads", async () => {
    const shim = await startShim({ binary, command: ["head", "-c", "50000000", "/dev/zero"], options: quick });
    const peer = await connectPeer(shim);
    peer.socket.pause();
    await waitFor("it runs", () => childrenOf(shim.pid).length === 1);
    shim.kill("SIGTERM");
    expect(await shim.ended).toBe(0);
  });

  it("by SIGKILL takes its processes with it", async () => {
    const shim = await startShim({ binary, command: ["sh", "-c", "echo $$; exec sleep 1000"] });
    const [pid = ""] = await hearLines(await connectPeer(shim), 1);
    shim.kill("SIGKILL");
    expect(await shim.ended).toBe("SIGKILL");
    await waitFor("it is gone", () => !isRunning(Number(pid)));
  });

  it("exits at once where there is no session", async () => {
    const shim = await startShim({ binary, command: ["cat"] });
    shim.kill("SIGTERM");
    expect(await shim.ended).toBe(0);
  });
});
