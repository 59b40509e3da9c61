/** Variables that the chart gives, against the programs that read them. */
import { describe, expect, it } from "vitest";
import { readSettings, type SettingTable } from "@outrigger/runtime/config";
import { readAggregatorSettings, settingTable as aggregatorTable } from "../../aggregator/src/settings.ts";
import { readOperatorSettings, settingTable as operatorTable } from "../../operator/src/settings.ts";
import { settingTable as webhookTable } from "../../webhook/src/settings.ts";
import { readChartCases } from "./golden.ts";
import { renderObjects, type RenderedObject } from "./render.ts";

type Environment = Readonly<Record<string, string>>;
type Read = { readonly ok: true } | { readonly ok: false; readonly problems: readonly string[] };

interface Program {
  readonly table: SettingTable;
  readonly read: (env: Environment) => Read;
}

const programs: Readonly<Record<string, Program>> = {
  webhook: { table: webhookTable, read: (env) => readSettings(webhookTable, { argv: [], env }) },
  aggregator: { table: aggregatorTable, read: (env) => readAggregatorSettings({ argv: [], env }) },
  operator: { table: operatorTable, read: (env) => readOperatorSettings({ argv: [], env, host: "operator-0" }) },
};

interface Deployed {
  readonly template: {
    readonly spec: {
      readonly containers: readonly {
        readonly name: string;
        readonly env: readonly { readonly name: string; readonly value?: string; readonly valueFrom?: object }[];
      }[];
    };
  };
}

/** What the kubelet fills in. */
const fieldsOfPods = (from: object | undefined): string =>
  JSON.stringify(from) === '{"fieldRef":{"fieldPath":"status.podIP"}}' ? "10.1.2.3" : "";

function listContainers(objects: readonly RenderedObject[]): { program: string; env: Environment }[] {
  return objects
    .filter(({ kind }) => kind === "Deployment")
    .flatMap((object) => (object["spec"] as Deployed).template.spec.containers)
    .map(({ name, env }) => ({
      program: name,
      env: Object.fromEntries(
        env.map((variable) => [variable.name, variable.value ?? fieldsOfPods(variable.valueFrom)]),
      ),
    }));
}

const containers = (
  await Promise.all(
    readChartCases().map(async ({ name, values }) =>
      listContainers(await renderObjects(values)).map((each) => ({ ...each, name: `${each.program} of ${name}` })),
    ),
  )
).flat();

describe("variables of the chart", () => {
  it.each(containers)("for $name are ones that it takes (F-006)", ({ program, env }) => {
    expect(programs[program]?.read(env)).toMatchObject({ ok: true });
  });

  it.each(containers)("for $name are ones that it knows", ({ program, env }) => {
    const known = Object.values(programs[program]!.table).map((setting) => setting.env);
    expect(known).toEqual(expect.arrayContaining(Object.keys(env).filter((name) => name.startsWith("OUTRIGGER_"))));
  });

  it("name one authority and one trust for webhook and operator", () => {
    const [webhook, operator] = ["webhook of default", "operator of default"].map(
      (name) => containers.find((each) => each.name === name)?.env,
    );
    for (const name of [
      "OUTRIGGER_CA_SECRET",
      "OUTRIGGER_WEBHOOK_CONFIGURATION",
      "OUTRIGGER_TRUST",
      "OUTRIGGER_NAMESPACE",
    ])
      expect(webhook?.[name]).toBe(operator?.[name]);
  });

  it("leave certificates alone that somebody else makes", () => {
    const operator = containers.find(({ name }) => name === "operator of cert-manager");
    expect(Object.keys(operator?.env ?? {}).filter((name) => name.startsWith("OUTRIGGER_CA_"))).toEqual([]);
  });
});
