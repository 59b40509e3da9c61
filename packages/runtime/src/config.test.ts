import { describe, expect, it } from "vitest";
import { describeSettings, parseListenAddress, parseText, readSettings } from "./config.ts";

const number = (text: string) =>
  /^\d+$/.test(text) ? { ok: true as const, value: Number(text) } : { ok: false as const, expected: "a number" };
const table = {
  size: { flag: "size", env: "X_SIZE", help: "how large", parse: number, fallback: 1 },
  name: { flag: "name", env: "X_NAME", help: "who", parse: parseText },
};

describe("settings", () => {
  it("come from flags before the environment before the default, and say from where", () => {
    const read = readSettings(table, { argv: ["--size", "3"], env: { X_SIZE: "2", X_NAME: "n" } });
    expect(read).toEqual({
      ok: true,
      settings: { values: { size: 3, name: "n" }, sources: { size: "flag", name: "environment" }, rest: [] },
    });
    expect(readSettings(table, { argv: [], env: {} })).toMatchObject({
      settings: { values: { size: 1, name: undefined } },
    });
  });

  it("leaves everything behind -- alone", () => {
    expect(readSettings(table, { argv: ["--size=2", "--", "cmd", "--size", "x"], env: {} })).toMatchObject({
      settings: { values: { size: 2 }, rest: ["cmd", "--size", "x"] },
    });
  });

  it("reports all problems at once, with source, expectation and value", () => {
    const read = readSettings(table, { argv: ["--colour", "red", "stray", "--name", ""], env: { X_SIZE: "big" } });
    expect(read).toEqual({
      ok: false,
      problems: [
        "no such flag: --colour; known are --size, --name",
        'unexpected argument "stray"',
        'X_SIZE: expected a number, got "big"',
        '--name: expected a text that is not empty, got ""',
      ],
    });
  });

  it("tells nothing of a setting that may hold a secret, whether it is malformed, misspelt or the default", () => {
    const secret = "s3cret";
    const secrets = {
      headers: { flag: "headers", env: "X_HEADERS", help: "headers", secret: true as const, parse: number },
      other: { flag: "other", help: "headers", secret: true as const, parse: number, fallback: secret },
    };
    const read = readSettings(secrets, {
      argv: ["--other", secret, "--header", secret, `--head=${secret}`],
      env: { X_HEADERS: secret },
    });
    expect(read).toMatchObject({
      ok: false,
      problems: expect.arrayContaining(["--other: expected a number"]) as unknown,
    });
    expect(JSON.stringify(read)).not.toContain(secret);
    expect(describeSettings(secrets)).not.toContain(secret);
  });

  it.each([
    ["https://user:s3cret@host/path", "https://…@host/path"],
    ["https://us/er:s3@cret@host", "https://…@host"],
    ["https://host/mcp?key=s3cret", "https://host/mcp?…"],
    ["redis://:s3cret@a,redis://:s3cret@b", "redis://…@b"],
    ["a?b@c", "a?b@c"],
  ])("tells a malformed address %s without what it holds of credentials", (text, told) => {
    const read = readSettings(table, { argv: [text], env: { X_SIZE: text } });
    expect(read).toEqual({
      ok: false,
      problems: [`unexpected argument "${told}"`, `X_SIZE: expected a number, got "${told}"`],
    });
  });

  it.each([
    ["127.0.0.1:80", { host: "127.0.0.1", port: 80 }],
    ["[::1]:0", { host: "::1", port: 0 }],
    ["7777", { host: "127.0.0.1", port: 7777 }],
    ["x:99999", undefined],
    ["host", undefined],
  ])("reads the address %s", (text, expected) => {
    const parsed = parseListenAddress(text);
    expect(parsed.ok ? parsed.value : undefined).toEqual(expected);
  });

  it("describes each setting with default and variable", () => {
    expect(describeSettings(table)).toContain("--size                   how large (default 1) [X_SIZE]");
  });
});
