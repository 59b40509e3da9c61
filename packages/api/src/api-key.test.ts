import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatApiKeyLine, isApiKey, isApiKeyName, readApiKeys } from "./api-key.ts";

const name = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._@-]{0,20}$/);
const entry = fc.record({ name, hash: fc.stringMatching(/^[0-9a-f]{64}$/), groups: fc.array(name, { maxLength: 3 }) });

describe("the file of API keys", () => {
  it("reads what was written, in its order, past comments and empty lines", () => {
    fc.assert(
      fc.property(fc.uniqueArray(entry, { selector: ({ hash }) => hash }), (keys) => {
        const text = `# keys\n\n${keys.map(formatApiKeyLine).join("\r\n")}\n`;
        expect(readApiKeys(text)).toEqual({ ok: true, keys });
      }),
    );
  });

  it("tells every problem by its line, and never what stands there", () => {
    const hash = "0".repeat(64);
    const text = [
      `ci sha256:${hash}`,
      "ci ork_secret",
      `a b sha256:${hash}`,
      `x sha256:${hash} g,,h`,
      `y sha256:${hash}`,
    ];
    expect(readApiKeys(text.join("\n"))).toEqual({
      ok: false,
      problems: [
        "line 2: expected sha256: and 64 hex digits behind the name; `outrigger api-key` prints such a line",
        "line 3: expected sha256: and 64 hex digits behind the name; `outrigger api-key` prints such a line",
        "line 4: expected groups separated by commas alone, and nothing behind them",
        "line 5: the key stands here already",
      ],
    });
  });

  it("takes no name that another method could give too", () => {
    for (const text of ["", "key:ci", "a b", "https://x#y", ".hidden", "x".repeat(129)])
      expect(isApiKeyName(text)).toBe(false);
  });
});

it("knows a key by its form", () => {
  expect(isApiKey(`ork_${"a".repeat(43)}`)).toBe(true);
  for (const text of [`ork_${"a".repeat(42)}`, `ork_${"a".repeat(44)}`, "a.b.c", `ORK_${"a".repeat(43)}`, "password"])
    expect(isApiKey(text), text).toBe(false);
});
