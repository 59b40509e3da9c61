import fc from "fast-check";
import { expect, it } from "vitest";
import { parseExact } from "./exact-json.ts";

it("writes every number back as it was spelled, where a double can't hold it", () => {
  const text = '{"id":1234567890123456789,"pi":3.14159265358979323846,"huge":1e400,"list":[9007199254740993]}';
  expect(JSON.stringify(parseExact(text))).toBe(text);
});

it("gives ordinary values as ordinary values", () => {
  const value = parseExact('{"a":1,"b":1.5,"c":"12345678901234567890","d":[1e3,true,null]}');
  expect(value).toEqual({ a: 1, b: 1.5, c: "12345678901234567890", d: [1000, true, null] });
});

it("equals JSON.parse for everything that JSON.stringify wrote", () => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      expect(JSON.stringify(parseExact(text))).toBe(JSON.stringify(JSON.parse(text)));
    }),
  );
});

it("throws where the text is not JSON", () => {
  expect(() => parseExact('{"a":1234567890123456789,}')).toThrow(SyntaxError);
});
