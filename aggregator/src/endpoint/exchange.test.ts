import fc from "fast-check";
import { expect, it } from "vitest";
import { writeAnswer } from "./exchange.ts";

it("writes the same message from ready-made bytes as from its parts", () => {
  const ids = fc.oneof(fc.string(), fc.integer());
  fc.assert(
    fc.property(ids, fc.array(fc.jsonValue()), fc.dictionary(fc.string(), fc.jsonValue()), (id, tools, rest) => {
      const answer = { jsonrpc: "2.0" as const, id, result: { ...rest, tools } };
      const ready = Buffer.from(JSON.stringify(tools));
      const parse = ({ head, ready: bytes, tail }: ReturnType<typeof writeAnswer>): unknown =>
        JSON.parse(Buffer.concat([head, bytes, tail]).toString());
      // As it reads when it has passed a wire.
      const expected: unknown = JSON.parse(JSON.stringify(answer));
      expect(parse(writeAnswer(answer, (given) => (given === tools ? ready : undefined)))).toEqual(expected);
      expect(parse(writeAnswer(answer, () => undefined))).toEqual(expected);
    }),
  );
});
