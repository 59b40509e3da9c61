import { createMetrics } from "@outrigger/runtime/metrics";
import { expect, it } from "vitest";
import { createAggregatorMetrics } from "./metrics.ts";

it("shows state and tools of each server, and nothing of one that is gone", async () => {
  const registry = createMetrics({ component: "aggregator", version: "0" });
  const metrics = createAggregatorMetrics(registry);
  metrics.showServers([
    { namespace: "tools", name: "search", state: "Ready", toolsCount: 3 },
    { namespace: "tools", name: "broken", state: "Dead", toolsCount: 0 },
  ]);
  const shown = await registry.expose();
  expect(shown).toContain('outrigger_aggregator_server_state{namespace="tools",server="search",state="Ready"} 1\n');
  expect(shown).toContain('outrigger_aggregator_server_tools{namespace="tools",server="search"} 3\n');
  expect(shown).toContain('outrigger_aggregator_server_state{namespace="tools",server="broken",state="Dead"} 1\n');
  metrics.showServers([{ namespace: "tools", name: "search", state: "Degraded", toolsCount: 4 }]);
  const later = await registry.expose();
  expect(later).toContain('{namespace="tools",server="search",state="Degraded"} 1\n');
  expect(later).not.toMatch(/broken|state="Ready"\} 1/);
});
