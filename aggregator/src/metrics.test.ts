import { createMetrics } from "@outrigger/runtime/metrics";
import { expect, it } from "vitest";
import { createAggregatorMetrics } from "./metrics.ts";

it("shows state and tools of each server, and nothing of one that is gone", async () => {
  const registry = createMetrics({ component: "aggregator", version: "0" });
  const metrics = createAggregatorMetrics(registry);
  metrics.showServers([
    { namespace: "tools", name: "search", state: "Ready", toolsCount: 3, notes: [] },
    {
      ...{ namespace: "tools", name: "broken", state: "Dead", toolsCount: 0 },
      notes: [{ reason: "EntriesHeldBack", message: "" }],
    },
  ]);
  const shown = await registry.expose();
  expect(shown).toContain('outrigger_aggregator_server_state{namespace="tools",server="search",state="Ready"} 1\n');
  expect(shown).toContain('outrigger_aggregator_server_tools{namespace="tools",server="search"} 3\n');
  expect(shown).toContain('outrigger_aggregator_server_state{namespace="tools",server="broken",state="Dead"} 1\n');
  const finding = 'server_findings{namespace="tools",server="broken",reason="entries_held_back"} 1\n';
  expect(shown).toContain(finding);
  metrics.showServers([{ namespace: "tools", name: "search", state: "Degraded", toolsCount: 4, notes: [] }]);
  const later = await registry.expose();
  expect(later).toContain('{namespace="tools",server="search",state="Degraded"} 1\n');
  expect(later).not.toMatch(/server="broken"|state="Ready"\} 1/);
});

it("times operations by the names of the conventions, whatever methods callers make up", async () => {
  const registry = createMetrics({ component: "aggregator", version: "0" });
  const metrics = createAggregatorMetrics(registry);
  metrics.observeOperation({ method: "tools/call", tool: "find_tool", errorType: "" }, 0.015);
  metrics.observeOperation({ method: "made/up", tool: "", errorType: "method_denied" }, 0.001);
  metrics.observeRoutedCall({ method: "tools/call", errorType: "rate_limited" }, 0.5);
  const shown = await registry.expose();
  const labels = 'mcp_method_name="tools/call",gen_ai_tool_name="find_tool",error_type=""';
  expect(shown).toContain(`mcp_server_operation_duration_seconds_bucket{le="0.02",${labels}} 1\n`);
  expect(shown).toContain('{mcp_method_name="_other",gen_ai_tool_name="",error_type="method_denied"} 1\n');
  expect(shown).toContain('duration_seconds_count{mcp_method_name="tools/call",error_type="rate_limited"} 1\n');
});

it("adds to the counts of lines and spans what has come since the scrape before", async () => {
  const registry = createMetrics({ component: "aggregator", version: "0" });
  const metrics = createAggregatorMetrics(registry);
  const audit = { head: { seq: 1, hash: "h" }, lost: 0, failure: undefined };
  metrics.showTelemetry({ audit: { ...audit, lines: 2 }, spans: undefined });
  metrics.showTelemetry({
    audit: { ...audit, lines: 5, lost: 3, failure: "no space" },
    spans: { ended: 2, exported: 1, failed: 0 },
  });
  const shown = await registry.expose();
  expect(shown).toContain("outrigger_aggregator_audit_lines_total 5\n");
  expect(shown).toContain("outrigger_aggregator_audit_lost_total 3\n");
  expect(shown).toContain("outrigger_aggregator_audit_failing 1\n");
  expect(shown).toContain('outrigger_aggregator_spans_total{state="ended"} 2\n');
});
