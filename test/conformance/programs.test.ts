/** Shows with real programs that each start has an outcome and that nothing outlives its run. */
import { afterEach, beforeEach, expect, it } from "vitest";
import { createPrograms } from "./programs.ts";
import { readFixtureUrl, readSidecarUrl } from "./servers.ts";

let programs = createPrograms({ endWithinMs: 300 });
beforeEach(() => {
  programs = createPrograms({ endWithinMs: 300 });
});
afterEach(() => programs.endAll());

const sleeper = "console.log('noise'); console.log('pid ' + process.pid); setInterval(() => {}, 1000);";
const readPid = (line: string): string | undefined => /^pid (\d+)$/.exec(line)?.[1];

it("waits for the line that says ready, and ends what it started", async () => {
  const pid = Number(await programs.start(["-e", sleeper], readPid));
  expect(isRunning(pid)).toBe(true);
  await programs.endAll();
  expect(isRunning(pid)).toBe(false);
});

it("ends a program that ignores SIGTERM", async () => {
  const pid = Number(await programs.start(["-e", `process.on('SIGTERM', () => {}); ${sleeper}`], readPid));
  await programs.endAll();
  expect(isRunning(pid)).toBe(false);
});

it("says why a program did not start", async () => {
  const failing = ["-e", "console.error('no such port'); process.exit(3)"];
  await expect(programs.start(failing, readPid)).rejects.toThrow("no such port");
});

it("gives up on a program that never says that it is ready", async () => {
  programs = createPrograms({ readyWithinMs: 200 });
  await expect(programs.start(["-e", sleeper], () => undefined)).rejects.toThrow("did not start");
});

it("takes what a program gave before its time was over", async () => {
  programs = createPrograms({ runWithinMs: 1000 });
  expect((await programs.run(["-e", sleeper])).stdout).toContain("noise");
});

it("returns the output of a program that fails", async () => {
  const failing = ["-e", "console.log('out'); console.error('err'); process.exit(1)"];
  expect(await programs.run(failing)).toEqual({ stdout: "out\n", stderr: "err\n" });
});

it("stops waiting for a program that was ended from elsewhere, and starts no other", async () => {
  const running = programs.run(["-e", sleeper]);
  const stopped = expect(running).rejects.toThrow("ended before it was done");
  await programs.endAll();
  await stopped;
  await expect(programs.run(["-e", ""])).rejects.toThrow("the run has ended");
});

it("takes the sidecar's data port only from the line with the message listening", () => {
  expect(readSidecarUrl('{"level":30,"msg":"listening","dataPort":4711}')).toBe("http://localhost:4711/mcp");
  expect(readSidecarUrl('{"level":30,"msg":"started","dataPort":4711}')).toBeUndefined();
  expect(readSidecarUrl('{"level":30,"msg":"listening"}')).toBeUndefined();
  expect(readSidecarUrl("listening")).toBeUndefined();
});

it("takes the fixture's URL from its line", () => {
  expect(readFixtureUrl('{"listening":"http://localhost:1/mcp"}')).toBe("http://localhost:1/mcp");
  expect(readFixtureUrl("null")).toBeUndefined();
});

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
