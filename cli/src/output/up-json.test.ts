import type { ServerEntry } from "@outrigger/api/server-file";
import { expect, it } from "vitest";
import { recordIo } from "../recorded-io.ts";
import { createJsonReport } from "./up-json.ts";

it("writes one JSON object per line on stdout, and nothing else anywhere", () => {
  const { io, out, err } = recordIo({});
  const report = createJsonReport(io, false);
  const entry: ServerEntry = { form: "url", name: "a", url: "http://a/mcp", headers: {}, outrigger: {} };
  report.onStart("mcp.json", [entry]);
  report.onServer(entry, { is: "ready", tools: 2, message: "" });
  report.onOpened({
    mcpUrl: "http://e/mcp",
    servers: new Map([["a", { is: "ready", tools: 2, message: "" }]]),
    asksForKey: false,
  });
  report.onLine("a", { level: "info", msg: "x", fields: {} });
  report.onBadConfig("mcp.json", [{ line: 1, message: "m" }]);
  report.onStopped();
  const events = out()
    .trimEnd()
    .split("\n")
    .map((line): unknown => JSON.parse(line));
  expect(events).toEqual([
    { event: "starting", file: "mcp.json", servers: ["a"] },
    { event: "server", name: "a", state: "ready", tools: 2, message: "" },
    { event: "ready", endpoint: "http://e/mcp", auth: "none", servers: [{ name: "a", state: "ready", tools: 2 }] },
    { event: "refused", file: "mcp.json", problems: [{ line: 1, message: "m" }] },
    { event: "stopped" },
  ]);
  expect(err()).toBe("");
});
