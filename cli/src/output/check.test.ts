import { describe, expect, it } from "vitest";
import { createFinding } from "../check/finding.ts";
import { formatCheckJson } from "./check-json.ts";
import { formatCheck } from "./check-text.ts";
import { createPaint } from "./paint.ts";

const release = { namespace: "outrigger-system", name: "outrigger", instance: "outrigger", version: "0.1.0" };
const head = { address: "https://10.0.0.1:6443", release };
const plain = { paint: createPaint(false), columns: undefined };
const findings = [
  createFinding("Kubernetes", "ok", "v1.34.2"),
  createFinding("sidecars", "note", "1 sidecar not the installed one"),
  createFinding("webhook", "warning", "1 of 2 pods ready"),
  createFinding("injection", "problem", {
    message: "1 pod lacks it",
    objects: ["tools/a: \u001b[31mwhy\nnot"],
    next: "kubectl get pods",
  }),
  createFinding("nodes", "unknown", "could not look: need list nodes in all namespaces"),
];

describe("the report as text", () => {
  it("has a line for each finding, and below it what it is about and what to do", () => {
    expect(formatCheck(head, findings, plain).split("\n")).toEqual([
      "Outrigger 0.1.0 in namespace outrigger-system, seen through https://10.0.0.1:6443",
      "",
      "  ✓ ok       Kubernetes   v1.34.2",
      "  i note     sidecars     1 sidecar not the installed one",
      "  ! warning  webhook      1 of 2 pods ready",
      "  ✗ problem  injection    1 pod lacks it",
      "                          tools/a: why not",
      "                          do: kubectl get pods",
      "  ? unknown  nodes        could not look: need list nodes in all namespaces",
      "",
      "1 problem, 1 warning, 1 not looked at.",
      "",
    ]);
  });

  it("has a line for each thing to do", () => {
    const finding = createFinding("sidecars", "note", { message: "old", next: "kubectl a\nkubectl b" });
    expect(formatCheck(head, [finding], plain)).toContain(
      `${" ".repeat(26)}do: kubectl a\n${" ".repeat(26)}do: kubectl b\n`,
    );
  });

  it("is wrapped on a narrow terminal, but for commands, which are there to be copied", () => {
    const command = `kubectl patch deployment/search --namespace tools --patch '${"x".repeat(60)}'`;
    const finding = createFinding("annotations", "warning", {
      message: "3 labels or annotations without effect in two namespaces",
      objects: ["tools/deployment/search: annotation outrigger.dev/rate-limt is not read; did you mean rate-limit?"],
      next: `${command}\nmend by hand what has no command here, and restart the pods of that workload`,
    });
    const lines = formatCheck(head, [finding], { paint: createPaint(false), columns: 60 })
      .split("\n")
      .slice(2, -3);
    expect(lines).toEqual([
      "  ! warning  annotations  3 labels or annotations without",
      "                          effect in two namespaces",
      "      tools/deployment/search: annotation",
      "        outrigger.dev/rate-limt is not read; did you mean",
      "        rate-limit?",
      `      do: ${command}`,
      "      do: mend by hand what has no command here, and restart",
      "          the pods of that workload",
    ]);
  });

  it("says that all is well only where nothing else is to be said", () => {
    expect(formatCheck(head, findings.slice(0, 2), plain)).toMatch(/\nAll is well\.\n$/);
    expect(formatCheck(head, [], { paint: createPaint(true), columns: undefined })).toContain(
      "\u001b[32mAll is well.\u001b[39m",
    );
  });

  it("tells of the first twenty objects, and how many more there are", () => {
    const objects = Array.from({ length: 23 }, (_, index) => `tools/pod-${index}`);
    const text = formatCheck(head, [createFinding("injection", "problem", { message: "x", objects })], plain);
    expect(text).toContain("tools/pod-19\n");
    expect(text).not.toContain("tools/pod-20");
    expect(text).toContain("and 3 more: see --json");
  });
});

describe("the report as JSON", () => {
  it("is one document with everything", () => {
    expect(JSON.parse(formatCheckJson(head, findings))).toEqual({
      ok: false,
      apiServer: "https://10.0.0.1:6443",
      namespace: "outrigger-system",
      release: "outrigger",
      version: "0.1.0",
      counts: { ok: 1, note: 1, warning: 1, problem: 1, unknown: 1 },
      findings,
    });
  });
});
