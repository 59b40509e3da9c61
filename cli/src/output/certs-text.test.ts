import { expect, it } from "vitest";
import { formatCerts, type CertsReport } from "./certs-text.ts";
import { createPaint } from "./paint.ts";
import { measureWidth } from "./width.ts";

const nowMs = Date.parse("2026-11-22T10:00:00Z");
const dayMs = 86_400_000;
const certificate = {
  fingerprint: "5F:0C:92:AA:1B:7E",
  subject: "CN=Outrigger webhook CA, O=Outrigger",
  fromMs: nowMs - dayMs,
  untilMs: nowMs + 6 * dayMs,
};
const report: CertsReport = {
  address: "https://10.0.0.1:6443",
  release: { namespace: "outrigger-system", name: "outrigger", instance: "outrigger", version: "0.3.0" },
  nowMs,
  status: {
    mode: "self",
    configurations: [
      {
        kind: "MutatingWebhookConfiguration",
        name: "outrigger",
        trustFrom: "self",
        entries: [
          { name: "pod.inject.outrigger.dev", trusts: [certificate.fingerprint] },
          { name: "enforced.inject.outrigger.dev", trusts: [] },
        ],
      },
    ],
    authorities: [{ ...certificate, trustedBy: 1, signs: true }],
    rotation: { phase: "steady", sinceMs: nowMs, next: "announce", dueMs: nowMs + dayMs },
    replicas: [
      { pod: "webhook-0", certificate, by: certificate.fingerprint, renewsMs: nowMs + dayMs },
      { pod: "webhook-1", fault: "shows a certificate that no entry trusts", certificate },
      { pod: "webhook-2", unknown: "kubectl is not there" },
    ],
  },
  lease: { name: "outrigger-operator", holder: "operator-1", renewedMs: nowMs - 2_000, holdsMs: 15_000 },
  phaseUnknown: undefined,
  findings: [
    {
      area: "certificate",
      level: "problem",
      message: "webhook-1 shows a certificate that no entry trusts",
      next: "kubectl logs",
    },
  ],
};

it("says everything in lines that fit a narrow terminal, and the same with and without colour", () => {
  const plain = formatCerts(report, { paint: createPaint(false), columns: 60 });
  for (const line of plain.split("\n")) expect(measureWidth(line), line).toBeLessThanOrEqual(60);
  const coloured = formatCerts(report, { paint: createPaint(true), columns: 60 });
  expect(coloured).not.toBe(plain);
  expect(coloured.split("\n").map(measureWidth)).toEqual(plain.split("\n").map(measureWidth));
});

it("names what each entry trusts, and what became of each replica", () => {
  const text = formatCerts(report, { paint: createPaint(false), columns: undefined });
  expect(text).toContain(
    "    pod.inject.outrigger.dev       5F:0C:92:AA:1B:7E\n    enforced.inject.outrigger.dev  nobody\n",
  );
  expect(text).toContain("  ✓ webhook-0  accepted\n    5F:0C:92:AA:1B:7E, signed by 5F:0C:92:AA:1B:7E\n");
  expect(text).toContain("  ✗ webhook-1  refused\n");
  expect(text).toContain("  ? webhook-2\n    could not look: kubectl is not there\n");
  expect(text).toMatch(/✗ problem webhook-1 shows a certificate that no entry trusts\n {2}do: kubectl logs\n/);
});
