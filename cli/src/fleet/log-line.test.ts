import { expect, it } from "vitest";
import { readLogLine, readPorts } from "./log-line.ts";

it("reads a line of a log and the ports of a listening line", () => {
  const line = readLogLine('{"level":"info","msg":"listening","dataPort":1,"controlPort":2,"server":"a"}');
  expect(line).toMatchObject({ level: "info", msg: "listening" });
  expect(readPorts(line!)).toEqual({ dataPort: 1, controlPort: 2 });
});

it("takes nothing else for a log line or for ports", () => {
  expect(["", "text", "1", "null", '{"level":"info"}'].map(readLogLine)).toEqual(Array(5).fill(undefined));
  expect(readPorts(readLogLine('{"msg":"stopped","dataPort":1}')!)).toBeUndefined();
});
