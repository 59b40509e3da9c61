import { describe, expect, it } from "vitest";
import { parseExact } from "./exact-json.ts";
import { parsePointer, type Pointer } from "./pointer.ts";
import { compileRedaction, redactMessage } from "./redact.ts";
import type { SecretPatternName } from "../secrets.ts";

const key = "AKIAIOSFODNN7EXAMPLE";

function redact(words: readonly (string | Pointer)[], message: unknown) {
  const read = words.map((word) =>
    typeof word === "string" && word.startsWith("/") ? (parsePointer(word) ?? word) : word,
  );
  const redaction = compileRedaction(read as readonly (Pointer | SecretPatternName)[]);
  if (redaction === undefined) throw new Error("nothing to replace");
  const outcome = redactMessage(redaction, message);
  return { outcome, message };
}

describe("redaction", () => {
  it("replaces fields of structured content and of texts that are JSON by values of their own type", () => {
    const data = { user: { email: "a@b", age: 7, tags: ["x"], more: { a: 1 }, ok: true, none: null }, other: 1 };
    const words = ["/user/email", "/user/age", "/user/tags", "/user/more", "/user/ok", "/user/none", "/absent/a"];
    const { outcome, message } = redact(words, {
      id: 1,
      result: { content: [{ type: "text", text: JSON.stringify(data) }], structuredContent: structuredClone(data) },
    });
    const blank = { user: { email: "[redacted]", age: 0, tags: [], more: {}, ok: false, none: null }, other: 1 };
    expect(outcome).toEqual({ ok: true, count: 12 });
    expect(message).toMatchObject({ result: { structuredContent: blank, content: [{ text: JSON.stringify(blank) }] } });
  });

  it("goes through lists by index and by *, in results of resources and prompts too", () => {
    const text = JSON.stringify([{ a: 1 }, { a: 2 }], undefined, 2);
    const messages = [{ role: "user", content: { type: "text", text } }];
    const { message } = redact(["/*/a"], { result: { contents: [{ uri: "u", text }], messages } });
    const blank = JSON.stringify([{ a: 0 }, { a: 0 }], undefined, 2);
    expect(message).toMatchObject({
      result: { contents: [{ text: blank }], messages: [{ content: { text: blank } }] },
    });
    expect(redact(["/0/a"], { result: { structuredContent: [{ a: "x" }, { a: "y" }] } }).message).toMatchObject({
      result: { structuredContent: [{ a: "[redacted]" }, { a: "y" }] },
    });
  });

  it("replaces secrets in every text of a message: results, errors, notifications, names of members", () => {
    const secret = `is ${key}.`;
    for (const message of [
      { result: { content: [{ type: "text", text: secret }], _meta: { deep: [{ er: secret }] } } },
      { error: { code: 1, message: secret, data: { [key]: 1 } } },
      { method: "notifications/message", params: { data: secret } },
    ]) {
      const { outcome } = redact(["AWSKey"], message);
      expect(outcome.ok && outcome.count > 0).toBe(true);
      expect(JSON.stringify(message)).not.toContain(key);
    }
  });

  it("finds what is spelt with escapes, and keeps of a key that stands twice only what it looked at", () => {
    const parsed = parseExact(`{"result":{"a":"${key}","a":"fine","b":"\\u0041KIAIOSFODNN7EXAMPLE"}}`);
    const { message } = redact(["AWSKey"], parsed?.value);
    expect(JSON.stringify(message)).toBe('{"result":{"a":"fine","b":"[redacted]"}}');
  });

  it("keeps every digit of numbers that a double can't hold", () => {
    const parsed = parseExact(
      '{"result":{"big":12345678901234567890,"e":1e400,"f":0.1234567890123456789,"s":"AKIAIOSFODNN7EXAMPLE"}}',
    );
    const { message } = redact(["AWSKey", "/none"], parsed?.value);
    expect(JSON.stringify(message)).toBe(
      '{"result":{"big":12345678901234567890,"e":1e400,"f":0.1234567890123456789,"s":"[redacted]"}}',
    );
  });

  it("refuses what it can't read to its last level", () => {
    let deep: unknown = key;
    for (let level = 0; level < 400; level++) deep = [deep];
    expect(redact(["AWSKey"], { result: deep }).outcome).toEqual({ ok: false });
    expect(redact(["/a"], { result: { content: [{ text: JSON.stringify(deep) }] } }).outcome).toEqual({ ok: false });
    expect(redact(["/a"], "no message").outcome).toEqual({ ok: false });
  });

  it("reaches nothing but members of its own", () => {
    const { outcome } = redact(["/__proto__/polluted", "/constructor", "/length"], {
      result: { structuredContent: [1] },
    });
    expect(outcome).toEqual({ ok: true, count: 0 });
    expect({}).not.toHaveProperty("polluted");
  });
});
