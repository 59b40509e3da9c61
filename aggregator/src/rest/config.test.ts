import fc from "fast-check";
import { expect, it } from "vitest";
import { settingTable } from "../settings.ts";
import { showConfig } from "./config.ts";

const parse = (text: string) => ({ ok: true, value: text }) as const;

it("shows every setting of the table, with flag, variable and value", () => {
  const shown = showConfig(settingTable, { listen: { host: "127.0.0.1", port: 1 } });
  expect(shown.map(({ flag }) => flag)).toEqual(Object.values(settingTable).map(({ flag }) => flag));
  expect(shown[0]).toMatchObject({ flag: "listen", env: "OUTRIGGER_LISTEN", value: { host: "127.0.0.1", port: 1 } });
  expect(shown[1]?.value).toBeNull();
});

it("shows nothing of a setting that may hold a secret, and where files of secrets are", () => {
  const table = {
    password: { flag: "store-password", help: "password of the store", secret: true as const, parse },
    tokenFile: { flag: "wake-token", help: "file with the token", parse },
  };
  const shown = showConfig(table, { password: "hunter2", tokenFile: "/etc/token" });
  expect(shown.map(({ value }) => value)).toEqual(["(set)", "/etc/token"]);
});

it("shows no user and no password of an address, however deep it stands", () => {
  const part = fc.stringMatching(/^[a-z0-9]{6,12}$/);
  fc.assert(
    fc.property(part, part, (user, password) => {
      const url = `https://${user}:${password}@host.example/x`;
      const shown = JSON.stringify(showConfig({ url: { flag: "url", help: "where", parse } }, { url: [{ a: url }] }));
      expect(shown).toContain("https://host.example/x");
      expect(shown).not.toContain(password);
    }),
  );
});
