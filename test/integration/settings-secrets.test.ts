/** What programs tell of settings that may hold secrets: nothing. Over the tables of all programs, and by one of them as it runs. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Setting } from "@outrigger/runtime/config";
import { describe, expect, it } from "vitest";
import { settingTable as aggregator } from "../../aggregator/src/settings.ts";
import { settingTable as operator } from "../../operator/src/settings.ts";
import { settingTable as sidecar } from "../../sidecar/src/settings.ts";
import { settingTable as webhook } from "../../webhook/src/settings.ts";

const tables: Readonly<Record<string, Readonly<Record<string, Setting<unknown>>>>> = {
  aggregator,
  operator,
  sidecar,
  webhook,
};
const all = Object.entries(tables).flatMap(([program, table]) =>
  Object.entries(table).map(([name, setting]) => ({ program, name, ...setting })),
);

/** Names by which somebody would look for a secret. */
const suspicious = /key|token|secret|password|credential|headers?$|env$|store$/i;

/** Where the secret is elsewhere: the setting names a file, or an object of Kubernetes. */
const namesPlace = /\b(?:PEM )?file\b|^Secret\b|^ConfigMap\b/;

/** What has such a name and holds none. */
const harmless: Readonly<Record<string, string>> = {
  "sidecar --trust-keys": "public keys",
  "aggregator --client-cert-header": "the name of a header",
  "aggregator --proxy-headers": "one of two words",
  "operator --session-key-lifetime": "a time",
};

describe("a setting that may hold a secret", () => {
  it("is marked, or names the place where the secret is: in every program", () => {
    const open = all
      .filter(({ flag, env = "", secret }) => secret !== true && (suspicious.test(flag) || suspicious.test(env)))
      .filter(({ help }) => !namesPlace.test(help))
      .map(({ program, flag }) => `${program} --${flag}`);
    expect(open.toSorted()).toEqual(Object.keys(harmless).toSorted());
  });

  it("says so in its help, where one asks for it", () => {
    const told = all.filter(({ help }) => help.includes("use the variable for secrets"));
    expect(told.map(({ flag }) => flag).toSorted()).toEqual(["server-env", "shared-store", "upstream-headers"]);
    expect(told.every(({ secret }) => secret === true)).toBe(true);
  });

  it("is told nothing of when it is malformed: by the program as it ends", async () => {
    const secret = "s3cret-of-a-server";
    const main = fileURLToPath(new URL("../../sidecar/src/main.ts", import.meta.url));
    const env = {
      OUTRIGGER_UPSTREAM_HEADERS: `{"authorization": "Bearer ${secret}"`,
      OUTRIGGER_SERVER_ENV: `{"TOKEN": ["${secret}"]}`,
      OUTRIGGER_SHARED_STORE: `https://:${secret}@valkey.tools.svc`,
      OUTRIGGER_UPSTREAM: `ftp://anybody:${secret}@host/mcp?key=${secret}`,
    };
    const args = ["--conditions=outrigger-source", main, "--api-key", secret];
    const failed = await promisify(execFile)(process.execPath, args, { env }).then(
      () => undefined,
      (error: unknown) => error as { readonly code: number; readonly stdout: string; readonly stderr: string },
    );
    expect(failed?.code).toBe(2);
    const told = `${failed?.stdout ?? ""}${failed?.stderr ?? ""}`;
    for (const name of [...Object.keys(env), "--api-key"]) expect(told).toContain(name);
    expect(told).toContain("a JSON object of strings");
    expect(told).not.toContain(secret);
  });
});
