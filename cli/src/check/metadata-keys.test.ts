import { describe, expect, it } from "vitest";
import { listNamespaceFaults, listPodFaults } from "./metadata-keys.ts";

const told = (faults: ReturnType<typeof listPodFaults>): readonly string[] =>
  faults.map(({ object, text, mend }) => `${object}: ${text} -> ${mend}`);

describe("labels and annotations without effect", () => {
  it("of a namespace are told with the command that mends each", () => {
    const metadata = {
      labels: { "outrigger.dev/inject": "yes" },
      annotations: {
        "outrigger.dev/deny-tols": "delete_*",
        "outrigger.dev/port": "80",
        "outrigger.dev/log-level": "loud",
        other: "x",
      },
    };
    expect(told(listNamespaceFaults("tools", metadata))).toEqual([
      "namespace tools: annotation outrigger.dev/deny-tols is not read; did you mean deny-tools? -> kubectl annotate namespace tools outrigger.dev/deny-tols- outrigger.dev/deny-tools='delete_*'",
      "namespace tools: outrigger.dev/port is read on pod alone -> kubectl annotate namespace tools outrigger.dev/port-",
      'namespace tools: outrigger.dev/inject="yes": expected one of "enabled", "disabled" -> kubectl label namespace tools outrigger.dev/inject=enabled --overwrite',
      'namespace tools: outrigger.dev/log-level="loud": expected one of "debug", "info", "warn", "error" -> ',
    ]);
  });

  it("of a running pod are told with what can be changed on it", () => {
    const metadata = {
      labels: { "outrigger.dev/injected": "true", "outrigger.dev/deny-tools": "x" },
      annotations: { "outrigger.dev/rate-limit": "often", "outrigger.dev/status": "{}" },
    };
    expect(told(listPodFaults({ namespace: "tools", name: "a" }, metadata))).toEqual([
      "tools/a: outrigger.dev/deny-tools is read as annotation, not as label -> kubectl label pod a --namespace tools outrigger.dev/deny-tools- && kubectl annotate pod a --namespace tools outrigger.dev/deny-tools=x",
      expect.stringMatching(/^tools\/a: outrigger\.dev\/rate-limit="often": expected .* -> $/) as unknown,
    ]);
  });

  it("are none where there are none", () => {
    expect(listNamespaceFaults("tools", { labels: { "outrigger.dev/inject": "enabled" } })).toEqual([]);
    expect(listPodFaults({ namespace: "tools", name: "a" }, {})).toEqual([]);
  });
});
