/**
 * Every reason of injection in every place where somebody may look for it: the webhook's answer, audit annotations, metrics and log, `outrigger
 * explain`, the operator's Events, the pages. Through the programs themselves; the golden cases are the ways to each reason.
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { reasons, toMetricLabel, type Reason } from "@outrigger/api/reasons";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { denyCodes, injectReasons, skipReasons, warnReasons } from "../../webhook/src/inject/outcome.ts";
import { runCommand } from "../demo/stage/command.ts";
import { startFakeKube, type FakeKube } from "../fixtures/fake-kube/server.ts";
import { nameFileFolder } from "../fixtures/temporary-folder.ts";
import { openDoors, type Asked, type Doors } from "./reasons/doors.ts";
import { explain, explainInCluster, explainReviews, type Explained } from "./reasons/explained.ts";
import { tellOwners, type Told } from "./reasons/owners.ts";
import { admissionReasons, reasonRows, type AdmissionReason, type ReasonRow } from "./reasons/rows.ts";
import { findWays, type Way } from "./reasons/ways.ts";
import { plainPod } from "./webhook-process.ts";

const readPage = (path: string): string =>
  readFileSync(fileURLToPath(new URL(`../../docs/${path}`, import.meta.url)), "utf8");
const reasonsPage = readPage("reference/reasons.md");
const admissionPage = readPage("explanation/admission.md");

const rows = Object.entries(reasonRows) as readonly (readonly [reason: AdmissionReason, row: ReasonRow])[];
const listOf = (isWanted: (row: ReasonRow) => boolean): readonly AdmissionReason[] =>
  rows.flatMap(([reason, row]) => (isWanted(row) ? [reason] : []));
const decisions = listOf(({ action }) => !["warn", "elsewhere"].includes(action));
const warnings = listOf(({ action }) => action === "warn");

const asked = new Map<AdmissionReason, Asked>();
let explained: ReadonlyMap<Reason, Explained>;
let told: ReadonlyMap<Reason, readonly Told[]>;
const folder = nameFileFolder("reasons");
let kube: FakeKube;
let doors: Doors;

beforeAll(async () => {
  kube = await startFakeKube();
  doors = openDoors(kube, folder);
  const ways = findWays();
  const wayTo = (reason: AdmissionReason): Way => ways.get(reason) ?? expect.fail(`no golden case leads to ${reason}`);
  const all = [...decisions, ...warnings].map((reason) =>
    reason === "Internal" ? { ...wayTo("Injected"), reason } : wayTo(reason),
  );
  for (const way of all)
    asked.set(way.reason, await (way.reason === "Internal" ? doors.askInFault(way) : doors.ask(way)));
  const canBeExplained = all.filter(({ reason }) => reasonRows[reason].noExplain === undefined);
  const pending = wayTo("PolicyPending");
  explained = new Map([
    ...(await explainReviews(canBeExplained, folder)),
    // Whether a policy is there only a cluster knows.
    ["PolicyPending", await explainInCluster(pending, { kube, folder })] as const,
  ]);
  told = await tellOwners(all.map((way) => ({ way, asked: asked.get(way.reason)! })));
}, 240_000);
afterAll(async () => {
  await doors.close();
  await kube.close();
});

describe("the table of reasons", () => {
  it("F-224 has a row for every reason of the vocabulary, and no other", () => {
    expect(rows.map(([reason]) => reason).sort()).toEqual([...admissionReasons].sort());
  });

  it("F-224 has every reason that the webhook gives, with what it does", () => {
    const actionsOf = (list: readonly string[]): readonly string[] => [
      ...new Set(list.map((reason) => reasonRows[reason as AdmissionReason].action)),
    ];
    expect(actionsOf(skipReasons)).toEqual(["skip"]);
    expect(actionsOf(injectReasons)).toEqual(["inject"]);
    expect(actionsOf(Object.keys(denyCodes))).toEqual(["deny"]);
    const given = [...skipReasons, ...injectReasons, ...Object.keys(denyCodes), ...warnReasons, "Internal"];
    expect([...new Set(given)].sort()).toEqual([...decisions, ...warnings].sort());
  });

  it.each(rows)(
    "F-224 %s stands on the page of reasons, and the page of admission says why it has no Event",
    (...row) => {
      const [reason, { noEvent, events }] = row;
      expect(reasonsPage).toContain(`\`${reason}\``);
      const line = admissionPage
        .split("\n")
        .find((each) => each.startsWith("|") && noEvent !== undefined && each.includes(noEvent));
      expect(line?.includes(`\`${reason}\``)).toBe(noEvent === undefined ? undefined : true);
      // A refusal's reasons stand in the Event of the refusal.
      const isInEvent = [...events, "InjectionRefused"].includes(reason) || events.includes("InjectionRefused");
      expect(isInEvent).toBe(noEvent === undefined);
    },
  );
});

describe("decisions", () => {
  it.each(decisions)("F-224 %s is told by the answer and the audit annotations", (reason) => {
    const { action } = reasonRows[reason];
    const { response } = asked.get(reason)!;
    expect(response.auditAnnotations).toMatchObject({ decision: action, reason });
    expect(response.allowed).toBe(action === "inject" || action === "skip");
    if (response.allowed) return;
    expect(response.status).toMatchObject({ reason, code: { ...denyCodes, Internal: 500 }[reason as "Internal"] });
    expect(response.status?.message).toContain(`[${reason}]`);
  });

  it.each(decisions)("F-224 %s is told by the metric and the log", (reason) => {
    const { action } = reasonRows[reason];
    const { counted, log } = asked.get(reason)!;
    expect(counted.filter((sample) => sample.startsWith("injections_total"))).toEqual([
      `injections_total{action="${action}",reason="${toMetricLabel(reason)}"}`,
    ]);
    expect(log).toMatchObject({ action, reason });
  });

  it.each(decisions)(
    "F-192 F-224 %s is told by outrigger explain, or can't be known outside of the webhook",
    (reason) => {
      const { action, noExplain } = reasonRows[reason];
      const found = explained.get(reason);
      if (noExplain !== undefined) {
        expect(found).toBeUndefined();
        return;
      }
      expect(found?.decision).toMatchObject({ action, reason, sentence: reasons[reason].sentence });
      expect(found?.decision.code).toBe(asked.get(reason)?.response.status?.code);
      expect(found?.problems[0]?.reason).toBe(action === "deny" ? reason : undefined);
    },
  );

  it.each(decisions)("F-224 %s is told by the Events of the owner that the table names, and by no other", (reason) => {
    const { action, events } = reasonRows[reason];
    const found = told.get(reason) ?? [];
    expect(found.map((event) => event.reason)).toEqual(events);
    expect(found.map(({ type }) => type)).toEqual(
      events.map(() => (action === "deny" || action === "error" ? "Warning" : "Normal")),
    );
    if (!events.includes("InjectionRefused")) return;
    expect(found[0]?.action).toBe(`Refuse${reason}`);
    expect(found[0]?.note).toContain(`(${reason})`);
    expect(found[0]?.note).toContain(`[${reason}]`);
  });
});

describe("warnings", () => {
  it.each(warnings)(
    "F-224 %s is told beside a decision by answer, audit annotation, metric, log and explain",
    (reason) => {
      const { response, counted, log } = asked.get(reason)!;
      expect(response).toMatchObject({ allowed: true, auditAnnotations: { decision: "inject", reason: "Injected" } });
      expect(response.warnings?.join("\n")).toContain(`[${reason}]`);
      expect(response.auditAnnotations["warnings"]?.split(",")).toContain(reason);
      expect(counted).toContain(`injection_warnings_total{reason="${toMetricLabel(reason)}"}`);
      expect(log).toMatchObject({
        action: "inject",
        reason: "Injected",
        warnings: expect.arrayContaining([reason]) as unknown,
      });
      expect(explained.get(reason)?.warnings.map((warning) => warning.reason)).toContain(reason);
      expect(told.get(reason)?.map((event) => event.reason)).toEqual(reasonRows[reason].events);
    },
  );

  it("F-224 are neither logged nor counted where there are none", () => {
    const { counted, log, response } = asked.get("Injected")!;
    expect(log).not.toHaveProperty("warnings");
    expect(response.auditAnnotations).not.toHaveProperty("warnings");
    expect(counted.filter((sample) => sample.startsWith("injection_warnings_total"))).toEqual([]);
  });
});

describe("reasons that are not the webhook's", () => {
  const inject = (stdin: string, ...args: readonly string[]): ReturnType<typeof runCommand> =>
    runCommand(["inject", "-f", "-", ...args], { stdin });

  it("F-224 are told by the command that they are about", async () => {
    const configMap = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "x" } };
    expect((await explain([configMap]))[0]?.decision).toMatchObject({ action: "pass", reason: "UnsupportedKind" });
    const plain = JSON.stringify({ ...plainPod, metadata: { ...plainPod.metadata, name: "search" } });
    const { out } = await inject(plain);
    expect((await inject(out, "--uninject")).err).toContain("[Uninjected]");
    expect((await inject(plain, "--uninject")).err).toContain("[NothingInjected]");
  });
});
