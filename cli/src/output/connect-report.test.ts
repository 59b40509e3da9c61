import { expect, it } from "vitest";
import { recordIo, type RecordedIo } from "../recorded-io.ts";
import { createConnectReport, type ConnectForm } from "./connect-report.ts";

const service = { namespace: "tools", name: "outrigger-aggregator", selector: "a=b", targetPort: 7777 };
const url = "http://127.0.0.1:9900/mcp";
const at = new Date(2026, 10, 22, 9, 8, 7);

function tell(form: ConnectForm, given: Parameters<typeof recordIo>[0] = {}): RecordedIo {
  const recorded = recordIo(given);
  const report = createConnectReport(recorded.io, form, () => at);
  report.onStart(service, url);
  report.onState({ is: "away", why: "no pod of the aggregator is ready (a)" });
  report.onState({ is: "open", pod: "a" });
  report.onState({ is: "away", why: "the aggregator has no pod" });
  report.onState({ is: "open", pod: "b" });
  report.onStopped();
  return recorded;
}

it("F-178 prints the address and the next command once it works, and what changes later with the time", () => {
  const { out, err } = tell("text");
  expect(out()).toBe(
    `Endpoint  ${url}\nNext      outrigger client-config --endpoint ${url} --client NAME\n` +
      `          outrigger search --endpoint ${url} "read a file"\n`,
  );
  expect(err()).toContain("Outrigger forwards to service outrigger-aggregator of namespace tools");
  expect(err()).toContain("! no pod of the aggregator is ready (a)\n");
  expect(err()).toContain("09:08:07 ! the aggregator has no pod\n09:08:07 ✓ pod b\n");
  expect(err()).toMatch(/The port is closed\.\n$/);
});

it("turns a mark on a terminal until a pod is ready, and leaves one line of it", () => {
  const { err } = tell("text", { columns: 60, isColored: true });
  expect(err()).toContain("⠋");
  expect(err()).toContain("\u001b[32m✓\u001b[39m open");
});

it("prints the address alone, or each event as a line of JSON", () => {
  expect(tell("url").out()).toBe(`${url}\n`);
  const lines = tell("json").out().trimEnd().split("\n");
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
    { event: "forwarding", url, namespace: "tools", service: "outrigger-aggregator" },
    { event: "away", message: "no pod of the aggregator is ready (a)" },
    { event: "open", pod: "a" },
    { event: "away", message: "the aggregator has no pod" },
    { event: "open", pod: "b" },
    { event: "stopped" },
  ]);
  expect(tell("json").err()).toBe("");
});
