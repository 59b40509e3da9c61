import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { dropResultMember, hasResultMembers, setResultMember } from "./edit-result.ts";

const textOf = (edited: ReturnType<typeof dropResultMember>): string =>
  edited.kind === "edited" ? edited.bytes.toString() : edited.kind;
const drop = (text: string): string => textOf(dropResultMember(Buffer.from(text), "instructions"));
const set = (text: string): string => textOf(setResultMember(Buffer.from(text), "cacheScope", "private"));

describe("a member that is taken out of a result", () => {
  it("leaves every other byte, in whatever place and spelling it stood", () => {
    expect(drop('{"id":1, "result" : {"a":1.0,"instructions":"x","b": [ ]}}')).toBe(
      '{"id":1, "result" : {"a":1.0,"b": [ ]}}',
    );
    expect(drop('{"result":{"instructions":"x"},"id":1}')).toBe('{"result":{},"id":1}');
    expect(drop('{"result":{"Instructions":"x","in\\u0073tructions":"y","a":1}}')).toBe('{"result":{"a":1}}');
  });

  it("is no matter where there is none, and no member elsewhere is meant", () => {
    const others = [
      '{"result":{"a":{"instructions":1}}}',
      '{"error":{"code":1,"message":"instructions"}}',
      '{"result":3}',
    ];
    for (const text of others) expect(drop(text)).toBe("unchanged");
  });

  it("refuses what could be read in two ways", () => {
    expect(drop('{"result":{},"Result":{"instructions":"x"}}')).toBe("refused");
    expect(drop("[]")).toBe("refused");
  });

  it("is what a decoder reads without that member, for any result", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.string(), (members, value) => {
        const rest = Object.fromEntries(Object.entries(members).filter(([key]) => key !== "instructions"));
        const response = { jsonrpc: "2.0", id: 1, result: { ...rest, instructions: value } };
        const edited = dropResultMember(Buffer.from(JSON.stringify(response)), "instructions");
        const wanted = Object.fromEntries(
          Object.entries(rest).filter(([key]) => key.split("\0")[0]?.toLowerCase() !== "instructions"),
        );
        expect(JSON.parse(textOf(edited))).toEqual(JSON.parse(JSON.stringify({ ...response, result: wanted })));
      }),
      { numRuns: 300 },
    );
  });
});

describe("a member that is set in a result", () => {
  it("is replaced where it stands, and added where it is absent", () => {
    expect(set('{"result":{"tools":[],"cacheScope":"public"},"id":1}')).toBe(
      '{"result":{"tools":[],"cacheScope":"private"},"id":1}',
    );
    expect(set('{"result":{"tools":[] },"id":1}')).toBe('{"result":{"tools":[] ,"cacheScope":"private"},"id":1}');
    expect(set('{"result":{},"id":1}')).toBe('{"result":{"cacheScope":"private"},"id":1}');
  });

  it("stays as it is where it says so already, and an error has none", () => {
    expect(set('{"result":{"cacheScope":"private"}}')).toBe("unchanged");
    expect(set('{"error":{}}')).toBe("unchanged");
  });

  it("refuses a spelling that decoders differ on", () => {
    expect(set('{"result":{"cachescope":"public"}}')).toBe("refused");
  });
});

it("tells whether a result has members", () => {
  const response = Buffer.from('{"result":{"instructions":"x","capabilities":{}}}');
  expect(hasResultMembers(response, ["capabilities", "instructions"])).toBe(true);
  expect(hasResultMembers(response, ["capabilities", "tools"])).toBe(false);
  expect(hasResultMembers(Buffer.from("3"), [])).toBe(false);
});
