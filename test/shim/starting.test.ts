import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { makeTestFolder } from "../fixtures/temporary-folder.ts";
import { waitFor } from "../fixtures/wait-for.ts";
import { buildShim } from "./build.ts";
import { childrenOf } from "./processes.ts";
import { connectPeer, exchange, hearLines, startShim, type RunningShim } from "./running-shim.ts";

const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
  readonly version: string;
};

describe.each(["static", "sanitized"] as const)("the %s shim", (build) => {
  const binary = buildShim(build);
  const start = (command: readonly string[], ...options: readonly string[]): Promise<RunningShim> =>
    startShim({ binary, command, options });
  const run = (...args: readonly string[]): ReturnType<typeof spawnSync> =>
    spawnSync(binary, args, { encoding: "utf8" });

  it("says its version and its options", () => {
    expect(run("--version")).toMatchObject({ status: 0, stdout: `outrigger-shim ${version}\n` });
    expect(run("--help")).toMatchObject({ status: 0, stdout: expect.stringContaining("--max-sessions N") as string });
  });

  it.each([
    [[], "no command: give it behind --"],
    [["--"], "no command: give it behind --"],
    [["cat"], "cat: the command stands behind --"],
    [["--nonsense", "--", "cat"], "--nonsense: no such option, or its value is missing"],
    [["--socket"], "--socket: no such option, or its value is missing"],
    [["--max-sessions", "0", "--", "cat"], '--max-sessions: expected a whole number from 1 to 10000, got "0"'],
    [["--max-sessions", "ten", "--", "cat"], '--max-sessions: expected a whole number from 1 to 10000, got "ten"'],
    [["--term-wait", "-1", "--", "cat"], '--term-wait: expected a whole number from 0 to 3600000, got "-1"'],
  ])("refuses %j with one line and exit code 2", (args, message) => {
    expect(run(...args)).toMatchObject({ status: 2, stdout: "", stderr: `outrigger-shim: ${message}\n` });
  });

  it("refuses a socket that it can't have with one line and exit code 1", async () => {
    const folder = makeTestFolder("shim");
    const file = join(folder, "file");
    writeFileSync(file, "not ours");
    const long = join(folder, "x".repeat(100));
    const running = await start(["cat"]);
    for (const [path, problem] of [
      [file, `${file} is there and is no socket`],
      [long, `--socket: the path is too long: ${long}`],
      [join(folder, "none", "s"), `can't listen at ${join(folder, "none", "s")}: No such file or directory`],
      [running.socket, `${running.socket} is in use by another process`],
    ] as const) {
      expect(run("--socket", path, "--", "cat")).toMatchObject({ status: 1, stderr: `outrigger-shim: ${problem}\n` });
    }
    expect(readFileSync(file, "utf8")).toBe("not ours");
    expect(await exchange(running, "still there")).toContain("still there");
  });

  it("takes the place of a socket that an earlier run left behind, open to every user", async () => {
    const first = await start(["cat"]);
    expect(statSync(first.socket).mode & 0o777).toBe(0o666);
    first.kill("SIGKILL");
    await first.ended;
    expect(existsSync(first.socket)).toBe(true);
    const left = statSync(first.socket).ino;
    const second = await startShim({ binary, command: ["cat"], folder: first.folder });
    await waitFor("the socket is new", () => statSync(second.socket).ino !== left);
    expect(await exchange(second, "x")).toBe("x\noutrigger-shim: exited 0\n");
  });

  it("tells log and peer that a command does not exist, and goes on listening", async () => {
    const shim = await start(["no-such-command"]);
    const line = "outrigger-shim: missing no-such-command: No such file or directory\n";
    expect(await exchange(shim, "hello\n")).toBe(line);
    expect(shim.said()).toBe(line);
    expect(await exchange(shim, "hello\n")).toBe(line);
  });

  it("tells log and peer that a command can't be run", async () => {
    const shim = await start(["/etc/passwd"]);
    expect(await exchange(shim, "")).toBe("outrigger-shim: unstarted /etc/passwd: Permission denied\n");
    expect(shim.said()).toBe("outrigger-shim: unstarted /etc/passwd: Permission denied\n");
  });

  it("finds a command by PATH and passes arguments and environment on as they are", async () => {
    const folder = makeTestFolder("shim");
    writeFileSync(join(folder, "my-server"), '#!/bin/sh\nprintf "%s|" "$@" "$WORD"\n', { mode: 0o755 });
    const shim = await startShim({
      binary,
      command: ["my-server", "--flag", "two words", "", "--", "$WORD"],
      env: { PATH: `${folder}:${process.env["PATH"]}`, WORD: "a value" },
    });
    expect(await exchange(shim, "")).toBe("--flag|two words||--|$WORD|a value|\noutrigger-shim: exited 0\n");
  });

  it("gives processes signals, limits and a session of their own, and no descriptor of its own", async () => {
    const shim = await start(["sh", "-c", "cat /proc/self/status /proc/self/limits; ls /proc/self/fd; exec cat"]);
    const peer = await connectPeer(shim);
    const other = await connectPeer(shim);
    await Promise.all([peer, other].map((each) => waitFor("it lists", () => /^3$/m.test(each.text()))));
    const told = other.text();
    expect(told).toMatch(/^SigBlk:\s+0+$/m);
    // SIGPIPE is the thirteenth signal.
    expect(Number.parseInt(/^SigIgn:\s+([0-9a-f]+)$/m.exec(told)?.[1] ?? "", 16) & (1 << 12)).toBe(0);
    const limit = /^Max open files.*$/m;
    expect(limit.exec(told)?.[0]).toBe(limit.exec(readFileSync("/proc/self/limits", "utf8"))?.[0]);
    // What a process has that was started without the shim, it has with it.
    const usual = spawnSync("sh", ["-c", "ls /proc/self/fd"], { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
    expect(told.endsWith(`\n${usual.stdout}`)).toBe(true);
    const sessions = childrenOf(shim.pid);
    expect(sessions.map(({ group, pid }) => group === pid)).toEqual([true, true]);
  });

  it("takes so many sessions and no more: one too many gets one line", async () => {
    const shim = await start(["cat"], "--max-sessions", "2");
    const peers = [await connectPeer(shim), await connectPeer(shim)];
    for (const peer of peers) peer.socket.write("in\n");
    await Promise.all(peers.map((peer) => hearLines(peer, 1)));
    const refused = await connectPeer(shim);
    refused.socket.write("hello\n");
    expect(await refused.ended).toBe("outrigger-shim: full 2 sessions are open, and no more are taken\n");
    expect(refused.failed()).toBeUndefined();
    expect(childrenOf(shim.pid)).toHaveLength(2);
    peers[0]?.socket.destroy();
    expect(await exchange(shim, "next\n")).toBe("next\noutrigger-shim: exited 0\n");
  });

  it("counts a session that is on its way out to the next one's bound only, so that nobody can pile processes up", async () => {
    const shim = await start(
      ["sh", "-c", 'trap "" TERM; echo up; while :; do sleep 0.05; done'],
      "--max-sessions",
      "1",
    );
    const first = await connectPeer(shim);
    await hearLines(first, 1);
    first.socket.destroy();
    const second = await connectPeer(shim);
    await hearLines(second, 1);
    second.socket.destroy();
    expect(await exchange(shim, "")).toBe("outrigger-shim: full 1 sessions are open, and no more are taken\n");
    expect(childrenOf(shim.pid)).toHaveLength(2);
  });

  it("installs itself as DIR/shim, also over one that runs, and leaves nothing else there", async () => {
    const folder = makeTestFolder("shim");
    const copy = join(folder, "shim");
    expect(run("--install", folder)).toMatchObject({ status: 0, stdout: "", stderr: "" });
    expect(statSync(copy).mode & 0o7777).toBe(0o755);
    expect(readFileSync(copy).equals(readFileSync(binary))).toBe(true);
    const running = await startShim({ binary: copy, command: ["cat"] });
    expect(run("--install", folder).status).toBe(0);
    expect(await exchange(running, "x")).toBe("x\noutrigger-shim: exited 0\n");
    expect(spawnSync("ls", ["-A", folder], { encoding: "utf8" }).stdout).toBe("shim\n");
  });

  it("says why it can't be installed", () => {
    const folder = join(makeTestFolder("shim"), "none");
    const message = `outrigger-shim: --install: can't write ${folder}/shim: No such file or directory\n`;
    expect(run("--install", folder)).toMatchObject({ status: 1, stderr: message });
  });
});

describe.skipIf(process.getuid?.() !== 0)("in an image that holds nothing but the shim", () => {
  const binary = buildShim();

  /** Runs the shim as PID 1 of a read-only root without shell, /proc or /dev, under a user that no file knows. */
  async function startInScratch(): Promise<RunningShim> {
    const folder = makeTestFolder("scratch");
    const root = join(folder, "root");
    for (const name of ["outrigger-shim", "outrigger-run"]) mkdirSync(join(root, name), { recursive: true });
    const runFolder = join(folder, "run");
    mkdirSync(runFolder, { mode: 0o777 });
    const script = [
      `cp ${binary} ${root}/shim`,
      `chmod 0777 ${runFolder}`,
      `mount --bind ${root} ${root}`,
      `mount --bind ${runFolder} ${root}/outrigger-run`,
      `mount -t tmpfs -o mode=0777 tmpfs ${root}/outrigger-shim`,
      `mount -o remount,ro,bind ${root}`,
      `chroot --userspec=54321:54321 ${root} /shim --install /outrigger-shim`,
      `exec chroot --userspec=54321:54321 ${root} /outrigger-shim/shim "$@"`,
    ].join(" && ");
    const wrapper = join(folder, "start");
    writeFileSync(wrapper, `#!/bin/sh\nexec unshare --mount --pid --fork --kill-child sh -c '${script}' shim "$@"\n`, {
      mode: 0o755,
    });
    // Its own default names the socket inside; from outside the same file stands in the bound folder.
    return startShim({
      binary: wrapper,
      command: ["/shim", "--version"],
      folder: runFolder,
      options: ["--socket", "/outrigger-run/stdio.sock"],
    });
  }

  it("installs itself, listens, runs a command and ends in order", async () => {
    const shim = await startInScratch();
    for (let times = 0; times < 3; times++) {
      expect(await exchange(shim, "")).toBe(`outrigger-shim ${version}\noutrigger-shim: exited 0\n`);
    }
    const [inside] = childrenOf(shim.pid);
    expect(readFileSync(`/proc/${inside?.pid}/status`, "utf8")).toMatch(/^Uid:\s+54321\s/m);
    expect(childrenOf(inside?.pid ?? 0)).toEqual([]);
    process.kill(inside?.pid ?? 0, "SIGTERM");
    expect(await shim.ended).toBe(0);
    expect(existsSync(shim.socket)).toBe(false);
  });
});
