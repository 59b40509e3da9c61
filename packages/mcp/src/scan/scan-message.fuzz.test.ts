/** The scanner against JSON.parse and against a decoder that ignores case: what it accepts, all of them read alike. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { claimKey } from "./fields.ts";
import type { ScannedMessage } from "./result.ts";
import { scanMessage } from "./scan-message.ts";

/** A decoded value that keeps what JSON.parse loses: repeated keys and their order. */
type Loose = { members: [string, Loose][] } | { elements: Loose[] } | { scalar: unknown };

/** Reads text that JSON.parse accepts. */
function decodeLoosely(text: string): Loose {
  let at = 0;
  const space = () => {
    while (/\s/.test(text[at] ?? "x")) at++;
  };
  const scalar = (): unknown => {
    const found = /^("(?:[^"\\]|\\.)*"|[-+.\w]+)/s.exec(text.slice(at))?.[0] ?? "";
    at += found.length;
    return JSON.parse(found) as unknown;
  };
  const list = (close: string, read: () => void) => {
    at++;
    space();
    while (text[at] !== close) {
      read();
      space();
      if (text[at] === ",") at++;
      space();
    }
    at++;
  };
  const value = (): Loose => {
    space();
    if (text[at] === "{") {
      const members: [string, Loose][] = [];
      list("}", () => {
        const key = String(scalar());
        space();
        at++;
        members.push([key, value()]);
      });
      return { members };
    }
    if (text[at] !== "[") return { scalar: scalar() };
    const elements: Loose[] = [];
    list("]", () => void elements.push(value()));
    return { elements };
  };
  return value();
}

/** Folds as Go's encoding/json does: simple case folding, in which U+017F is an s and U+212A a k. */
const fold = (key: string) => key.toLowerCase().replaceAll("\u017f", "s").replaceAll("\u212a", "k");

/** The member that a decoder takes which ignores case and keeps the first or the last of several. */
function pick(value: Loose | undefined, key: string, which: "first" | "last"): Loose | undefined {
  if (value === undefined || !("members" in value)) return undefined;
  const alike = value.members.filter(([name]) => fold(name) === fold(key));
  return alike.at(which === "first" ? 0 : -1)?.[1];
}

const scalarOf = (value: Loose | undefined) => (value !== undefined && "scalar" in value ? value.scalar : undefined);
const textOf = (value: unknown) => (typeof value === "string" ? value : undefined);
const member = (value: unknown, key: string): unknown =>
  typeof value === "object" && value !== null && !Array.isArray(value) && Object.hasOwn(value, key)
    ? (value as Record<string, unknown>)[key]
    : undefined;

/** What the message says by JSON.parse alone, in the scanner's shape. */
function readByParse(text: string) {
  const parsed: unknown = JSON.parse(text);
  const params = member(parsed, "params");
  const meta = member(params, "_meta");
  const ref = member(params, "ref");
  const token = member(meta, "progressToken");
  const requestId = member(params, "requestId");
  return {
    method: textOf(member(parsed, "method")),
    id: member(parsed, "id"),
    name: textOf(member(params, "name")),
    uri: textOf(member(params, "uri")),
    taskId: textOf(member(params, "taskId")),
    refName: textOf(member(ref, "name")),
    refUri: textOf(member(ref, "uri")),
    progressToken: typeof token === "string" || typeof token === "number" ? token : undefined,
    requestId: typeof requestId === "string" || typeof requestId === "number" ? requestId : undefined,
    claim: textOf(member(meta, claimKey)),
    parsed,
  };
}

/** Texts that decoders read differently are left out of what nobody needs; everything else must be equal. */
const agrees = (found: unknown, expected: unknown) =>
  expect(
    found === undefined && typeof expected === "string" && (expected.includes("\0") || !expected.isWellFormed())
      ? expected
      : found,
  ).toBe(expected);

function checkMessage(bytes: Buffer, message: ScannedMessage): void {
  const text = bytes.toString("utf8");
  const expected = readByParse(text);
  agrees(message.method, expected.method);
  agrees(message.id, expected.id);
  agrees(message.name, expected.name);
  agrees(message.uri, expected.uri);
  agrees(message.taskId, expected.taskId);
  agrees(message.ref?.name, expected.refName);
  agrees(message.ref?.uri, expected.refUri);
  agrees(message.progressToken, expected.progressToken);
  agrees(message.requestId, expected.requestId);
  agrees(message.claimedVersion, expected.claim);
  checkBytes(bytes, message, expected.parsed);
  checkLoose(text, message);
}

function checkBytes(bytes: Buffer, message: ScannedMessage, parsed: unknown): void {
  if (message.idBytes !== undefined) expect(JSON.parse(Buffer.from(message.idBytes).toString())).toBe(message.id);
  const slice = (span: { start: number; end: number }): unknown =>
    JSON.parse(bytes.subarray(span.start, span.end).toString());
  if (message.nameSpan !== undefined) expect(slice(message.nameSpan)).toBe(message.name);
  const args = member(member(parsed, "params"), "arguments");
  if (message.argumentsSpan === undefined) expect(args).toBeUndefined();
  else expect(slice(message.argumentsSpan)).toEqual(args);
}

function checkLoose(text: string, message: ScannedMessage): void {
  const loose = decodeLoosely(text);
  for (const which of ["first", "last"] as const) {
    const params = pick(loose, "params", which);
    expect(scalarOf(pick(loose, "method", which))).toBe(message.method);
    expect(scalarOf(pick(loose, "id", which))).toBe(message.id);
    agrees(message.name, textOf(scalarOf(pick(params, "name", which))));
    agrees(message.uri, textOf(scalarOf(pick(params, "uri", which))));
    agrees(message.taskId, textOf(scalarOf(pick(params, "taskId", which))));
    agrees(message.claimedVersion, textOf(scalarOf(pick(pick(params, "_meta", which), claimKey, which))));
    agrees(message.ref?.name, textOf(scalarOf(pick(pick(params, "ref", which), "name", which))));
  }
}

type Verdict = "message" | "batch" | "refused";

/** Asserts that what is accepted is JSON and is read alike; returns what the scanner said. */
function check(bytes: Buffer): Verdict {
  const result = scanMessage(bytes);
  if (result.kind === "refused") return "refused";
  if (result.kind === "message") {
    checkMessage(bytes, result.message);
    return "message";
  }
  const parsed: unknown = JSON.parse(bytes.toString("utf8"));
  expect(result.batch.map((element): unknown => JSON.parse(Buffer.from(element).toString()))).toEqual(parsed);
  return "batch";
}

/** A small generator with a fixed seed (xorshift32), so that a failure can be repeated. */
function createRandom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

const claim = `"_meta":{"${claimKey}":"2026-07-28","progressToken":"p1","traceparent":"00-1"}`;
const corpus = [
  `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"delete_all","arguments":{"a":[1,-2.5e3,true,null]}}}`,
  `{"jsonrpc":"2.0","id":"x-1","method":"tools/call","params":{"name":"say \\"hi\\"","arguments":{"t":"é\\u00e9\\ud83d\\ude00"},${claim}}}`,
  `{"jsonrpc":"2.0","id":7,"method":"resources/read","params":{"uri":"file:///a b",${claim}}}`,
  `{ "params" : { "ref" : { "type" : "ref/prompt" , "name" : "p" } } , "method" : "completion/complete" , "id" : 0 , "jsonrpc" : "2.0" }`,
  `{"jsonrpc":"2.0","id":3,"method":"subscriptions/listen","params":{"notifications":{"resourceSubscriptions":["a","b"],"taskIds":[]}}}`,
  `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":12,"reason":"late"}}`,
  `{"jsonrpc":"2.0","id":-4,"method":"tasks/get","params":{"taskId":"t-9"}}`,
  `{"jsonrpc":"2.0","id":5,"result":{"content":[{"type":"text","text":"ok"}],"isError":false}}`,
  `[{"jsonrpc":"2.0","id":1,"method":"ping"},{"jsonrpc":"2.0","id":2,"method":"tools/list","params":{}}]`,
].map((text) => Buffer.from(text));

const inserts = [
  '"', "\\", "{", "}", "[", "]", ",", ":", "0", "-", "e", ".", " ", "\t", "\n", "\0", "\u0001", "\u00a0", "\ufeff",
  '"name":"x",', ',"name":"x"', '"Name":"x",', '"na\\u006de":"x",', '"\u017f":1,', '"method":"tools/list",',
  '"params":{"name":"x"},', '"id":2,', "\\u0000", "\\ud800", "null", "1e999", "\\u212a", '"_META":{},', "[[[[[[",
].map((text) => Buffer.from(text)); // prettier-ignore

/** One random change of the bytes. */
function mutate(bytes: Buffer, random: (below: number) => number): Buffer {
  const at = random(bytes.length + 1);
  const until = at + random(Math.min(40, bytes.length - at + 1));
  switch (random(7)) {
    case 0: {
      const flipped = Buffer.from(bytes);
      const place = random(bytes.length);
      flipped[place] = (flipped[place] ?? 0) ^ (1 << random(8));
      return flipped;
    }
    case 1:
      return bytes.subarray(0, at);
    case 2:
      return Buffer.concat([bytes.subarray(0, until), bytes.subarray(at)]);
    case 3:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(until)]);
    case 4: {
      const replaced = Buffer.from(bytes);
      replaced[random(bytes.length)] = random(256);
      return replaced;
    }
    case 5: {
      const place = random(bytes.length);
      const upper = Buffer.from(
        bytes
          .subarray(place, place + 1)
          .toString("latin1")
          .toUpperCase(),
        "latin1",
      );
      return Buffer.concat([bytes.subarray(0, place), upper, bytes.subarray(place + 1)]);
    }
    default:
      return Buffer.concat([
        bytes.subarray(0, at),
        inserts[random(inserts.length)] ?? Buffer.alloc(0),
        bytes.subarray(at),
      ]);
  }
}

describe("fuzzing", () => {
  it("accepts every message of the corpus as it is", () => {
    expect(corpus.map(check)).toEqual([...Array.from({ length: 8 }, () => "message"), "batch"]);
  });

  it("what is accepted of 60,000 mutated messages is read alike by JSON.parse and by a decoder that ignores case", () => {
    const random = createRandom(20_260_728);
    const seen = { message: 0, batch: 0, refused: 0 };
    for (let round = 0; round < 60_000; round++) {
      let bytes: Buffer = corpus[random(corpus.length)] ?? Buffer.alloc(0);
      for (let changes = 1 + random(3); changes > 0 && bytes.length > 0; changes--) bytes = mutate(bytes, random);
      seen[check(bytes)]++;
    }
    expect(seen.message).toBeGreaterThan(5_000);
    expect(seen.batch).toBeGreaterThan(250);
    expect(seen.refused).toBeGreaterThan(25_000);
  }, 60_000);
});

const keys = fc.constantFrom(
  "name", "Name", "NAME", "n\\u0061me", "uri", "URI", "taskId", "ta\u017fkId", "_meta", "_Meta", "ref", "arguments",
  "requestId", "notifications", "cursor", "x", "\\u0078", claimKey, claimKey.toUpperCase(), "progressToken",
  "method", "id", "params", "result", "type", "resourceSubscriptions", "name\\u0000",
); // prettier-ignore
const scalars = fc.constantFrom(
  '"a"',
  '"b\\n"',
  '"\\u0000"',
  '"\\udfff"',
  '""',
  "1",
  "-0",
  "1.5",
  "1e400",
  "true",
  "null",
);
const space = fc.constantFrom("", "", "", " ", "\n\t ");

const { json } = fc.letrec<{ json: string }>((tie) => ({
  json: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    scalars,
    fc.array(tie("json"), { maxLength: 3 }).map((items) => `[${items.join(",")}]`),
    fc.array(fc.tuple(keys, space, tie("json")), { maxLength: 4 }).map(toObject),
  ),
}));

function toObject(members: readonly (readonly [string, string, string])[]): string {
  return `{${members.map(([key, gap, value]) => `${gap}"${key}"${gap}:${gap}${value}${gap}`).join(",")}}`;
}

describe("properties", () => {
  it("accepts nothing of hostile structure that two decoders read differently", () => {
    const counts = { message: 0, batch: 0, refused: 0 };
    const target = fc.constantFrom(
      "tools/call",
      "prompts/get",
      "resources/read",
      "completion/complete",
      "tasks/get",
      "x/y",
    );
    const params = fc.array(fc.tuple(keys, space, json), { maxLength: 4 }).map(toObject);
    const text = fc
      .tuple(target, params, fc.array(fc.tuple(keys, space, json), { maxLength: 1 }))
      .map(([method, inner, extra]) =>
        toObject([
          ["jsonrpc", "", '"2.0"'],
          ["id", " ", "1"],
          ["method", "", `"${method}"`],
          ...extra,
          ["params", "", inner],
        ]),
      );
    fc.assert(
      fc.property(text, (body) => {
        counts[check(Buffer.from(body))]++;
      }),
      { numRuns: 10_000, seed: 1 },
    );
    expect(counts.message).toBeGreaterThan(500);
    expect(counts.refused).toBeGreaterThan(1_000);
  });

  it("accepts every plain request that JSON.stringify writes, and reads it exactly", () => {
    const plain = fc
      .string({ unit: "grapheme", maxLength: 20 })
      .filter((text) => !text.includes("\0") && text.isWellFormed());
    const request = fc.record({
      jsonrpc: fc.constant("2.0"),
      id: fc.oneof(
        fc.maxSafeInteger().map((id) => (Object.is(id, -0) ? 0 : id)),
        plain,
      ),
      method: plain,
      params: fc.record({
        name: plain,
        uri: plain,
        arguments: fc.jsonValue(),
        _meta: fc.record({ progressToken: plain }),
      }),
    });
    fc.assert(
      fc.property(request, fc.constantFrom(undefined, 1, "\t"), (message, indent) => {
        expect(check(Buffer.from(JSON.stringify(message, null, indent)))).toBe("message");
      }),
      { numRuns: 4_000, seed: 2 },
    );
  });

  it("refuses what JSON.parse refuses, for any text", () => {
    const nearJson = fc.string({
      unit: fc.constantFrom(...'{}[]",:0123456789.eE+-truefalsn\\u \n\t'.split("")),
      maxLength: 30,
    });
    fc.assert(
      fc.property(nearJson, (text) => {
        const body = Buffer.from(`{"jsonrpc":"2.0","id":1,"method":"m","params":{"arguments":${text}}}`);
        const result = scanMessage(body);
        let isJson = true;
        try {
          JSON.parse(body.toString());
        } catch {
          isJson = false;
        }
        if (!isJson) expect(result.kind).toBe("refused");
        // Text that closes the object early may be JSON and still no message.
        else if (!/[}"]/.test(text)) expect(result.kind).toBe("message");
      }),
      { numRuns: 20_000, seed: 3 },
    );
  });
});
