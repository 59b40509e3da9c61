/** What /readyz?verbose of the real sidecar says of everything that it depends on. */
import { expect, it } from "vitest";
import { waitFor } from "../fixtures/wait-for.ts";
import { startBed, type TelemetryBed } from "./telemetry-bed.ts";

interface Check {
  readonly name: string;
  readonly ok: boolean;
  readonly message: string;
}

async function readReady({ adminUrl }: TelemetryBed): Promise<{ status: number; checks: ReadonlyMap<string, Check> }> {
  const response = await fetch(`${adminUrl}/readyz?verbose`);
  // The form of the endpoint.
  const { checks } = (await response.json()) as { checks: readonly Check[] };
  return { status: response.status, checks: new Map(checks.map((check) => [check.name, check])) };
}

it("names each dependency and says that it is well", async () => {
  const bed = await startBed([]);
  await waitFor("the catalogue", async () => (await readReady(bed)).checks.get("catalogue")?.ok);
  const { checks } = await readReady(bed);
  const depended = ["policy", "trust", "upstream", "catalogue", "control", "breaker", "settings", "audit", "traces"];
  const names = ["listening", "draining", ...depended];
  expect([...checks.keys()]).toEqual(names);
  for (const check of checks.values()) expect(check).toMatchObject({ ok: true });
  expect(checks.get("policy")?.message).toMatch(/^PolicyApplied: .*hash [0-9a-f]{64}$/);
  expect(checks.get("control")?.message).toBe(`port ${new URL(bed.controlUrl).port}`);
  expect(await (await fetch(`${bed.adminUrl}/readyz`)).text()).not.toContain("upstream");
});

it("names the server that is missing, and stays ready to say so to callers", async () => {
  const bed = await startBed([], {}, [process.execPath, "-e", "process.exit(3)"]);
  const { status, checks } = await waitFor("the failure", async () => {
    const ready = await readReady(bed);
    // From its second end on it is waited with.
    return /ProcessExited|BackingOff/.test(ready.checks.get("upstream")?.message ?? "") && ready;
  });
  expect(status).toBe(200);
  expect(checks.get("upstream")?.ok).toBe(false);
  expect(checks.get("catalogue")?.ok).toBe(false);
  expect(checks.get("policy")?.ok).toBe(true);
});
