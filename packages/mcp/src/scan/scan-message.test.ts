import { describe, expect, it } from "vitest";
import { scanMessage } from "./scan-message.ts";
import type { ScanLimits, ScannedMessage, ScanProblem } from "./result.ts";

function scanText(text: string, limits?: ScanLimits) {
  return scanMessage(Buffer.from(text), limits);
}

function message(text: string): ScannedMessage {
  const result = scanText(text);
  if (result.kind !== "message") throw new Error(`expected a message: ${JSON.stringify(result)}`);
  return result.message;
}

function problem(text: string | Buffer, limits?: ScanLimits): ScanProblem | undefined {
  const result = scanMessage(typeof text === "string" ? Buffer.from(text) : text, limits);
  return result.kind === "refused" ? result.problem : undefined;
}

function call(params: string): string {
  return `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":${params}}`;
}

describe("reading a message", () => {
  it("reads a tools/call with every member that policy and routing need", () => {
    const text =
      ' {"jsonrpc" : "2.0","id":"a\\u0062","method":"tools\\/call","params":{"name":"caf\\u00e9","arguments":{"x":[1,2]},' +
      '"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","progressToken":7,"traceparent":"00-ab","n":1}}}\n';
    const found = message(text);
    expect(found).toMatchObject({
      type: "request",
      id: "ab",
      method: "tools/call",
      name: "café",
      progressToken: 7,
      claimedVersion: "2026-07-28",
      claimMalformed: false,
    });
    expect(Buffer.from(found.idBytes!).toString()).toBe('"a\\u0062"');
    expect([...found.meta!]).toEqual([["traceparent", "00-ab"]]);
    expect(text.slice(found.nameSpan!.start, found.nameSpan!.end)).toBe('"caf\\u00e9"');
    expect(text.slice(found.argumentsSpan!.start, found.argumentsSpan!.end)).toBe('{"x":[1,2]}');
  });

  it("reads the same members whatever order they stand in", () => {
    const found = message('{"params":{"_meta":{},"uri":"test://a"},"method":"resources/read","id":-5,"jsonrpc":"2.0"}');
    expect(found).toMatchObject({ type: "request", id: -5, method: "resources/read", uri: "test://a" });
  });

  it("tells notifications and responses from requests", () => {
    expect(message('{"jsonrpc":"2.0","method":"notifications/initialized"}').type).toBe("notification");
    expect(message('{"jsonrpc":"2.0","id":1,"result":{}}').type).toBe("response");
    expect(message('{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"x"}}')).toMatchObject({
      type: "response",
      id: null,
    });
    expect(message('{"jsonrpc":"2.0","error":{"code":-32700,"message":"x"}}').type).toBe("response");
  });

  it.each(["tools/call", "resources/read", "initialize", "roots/list"])("refuses %s without an id", (method) => {
    expect(problem(`{"jsonrpc":"2.0","method":"${method}","params":{"name":"a","uri":"a"}}`)).toBe("BadId");
  });

  it("takes a notification that no revision defines", () => {
    expect(message('{"jsonrpc":"2.0","method":"notifications/of_tomorrow"}').type).toBe("notification");
  });

  it("reads the reference of a completion, the subscriptions of a listen, the target of a cancel and of a task", () => {
    const completion = '{"ref":{"type":"ref/resource","uri":"a://{b}"},"argument":{"name":"b","value":""}}';
    expect(message(`{"jsonrpc":"2.0","id":1,"method":"completion/complete","params":${completion}}`).ref).toEqual({
      type: "ref/resource",
      uri: "a://{b}",
    });
    const listen = '{"notifications":{"toolsListChanged":true,"resourceSubscriptions":["a","b"],"taskIds":["t"]}}';
    expect(message(`{"jsonrpc":"2.0","id":1,"method":"subscriptions/listen","params":${listen}}`)).toMatchObject({
      resourceSubscriptions: ["a", "b"],
      taskSubscriptions: ["t"],
    });
    expect(message('{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"r"}}').requestId).toBe(
      "r",
    );
    expect(message('{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":4}}').requestId).toBe(4);
    expect(message('{"jsonrpc":"2.0","id":1,"method":"tasks/get","params":{"taskId":"t1"}}').taskId).toBe("t1");
  });

  it("marks a claim that is no readable string", () => {
    for (const value of ["7", "null", "{}", '"\\ud800"', '"2026\\u0000"']) {
      const found = message(call(`{"name":"a","_meta":{"io.modelcontextprotocol/protocolVersion":${value}}}`));
      expect(found).toMatchObject({ claimMalformed: true, claimedVersion: undefined });
    }
    expect(message(call('{"name":"a","_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-2"}}'))).toMatchObject(
      {
        claimMalformed: false,
        claimedVersion: "2026-07-2",
      },
    );
    expect(message(call('{"name":"a"}')).claimMalformed).toBeUndefined();
  });

  it("leaves the members of methods that it does not know alone", () => {
    expect(message('{"jsonrpc":"2.0","id":1,"method":"x/y","params":{"name":5,"Other":1,"other":2}}').name).toBe(
      undefined,
    );
    expect(message('{"jsonrpc":"2.0","id":1,"method":"ping","params":null}').type).toBe("request");
  });

  it("reads plain Uint8Arrays and bodies inside larger buffers", () => {
    const text = call(`{"name":"tool","arguments":{"s":"${"x".repeat(900)}"}}`);
    for (let shift = 0; shift < 5; shift++) {
      const padded = new Uint8Array(Buffer.concat([Buffer.alloc(shift, 0x22), Buffer.from(text), Buffer.from('"}')]));
      const result = scanMessage(padded.subarray(shift, shift + text.length));
      expect(result).toMatchObject({ kind: "message", message: { name: "tool" } });
    }
  });
});

describe("refusing what two decoders could read differently", () => {
  it.each<[ScanProblem, string]>([
    ["DuplicateKey", '{"jsonrpc":"2.0","id":1,"method":"tools/list","method":"tools/call"}'],
    ["DuplicateKey", '{"jsonrpc":"2.0","id":1,"id":1,"method":"tools/list"}'],
    ["DuplicateKey", call('{"name":"a","name":"b"}')],
    ["DuplicateKey", call('{"name":"a","_meta":{},"_meta":{}}')],
    ["DuplicateKey", call('{"name":"a","_meta":{"progressToken":1,"progressToken":1}}')],
    ["DuplicateKey", call('{"name":"a","_meta":{"v.x/k":1,"v.x\\/k":1}}')],
    ["DuplicateKey", call('{"name":"a","other":1,"oth\\u0065r":2}')],
    ["EscapedKey", call('{"n\\u0061me":"a"}')],
    ["EscapedKey", '{"jsonrpc":"2.0","id":1,"meth\\u006fd":"tools/call"}'],
    ["CaseVariantKey", call('{"name":"a","Name":"b"}')],
    ["CaseVariantKey", call('{"NAME":"b"}')],
    ["CaseVariantKey", '{"jsonrpc":"2.0","id":1,"METHOD":"tools/call"}'],
    ["CaseVariantKey", '{"jsonrpc":"2.0","id":1,"method":"tools/list","Params":{}}'],
    ["CaseVariantKey", call('{"name":"a","_Meta":{}}')],
    ["CaseVariantKey", call('{"name":"a","argument\\u017f":{}}')],
    ["CaseVariantKey", call('{"name":"a","task\u0131d":"x"}')],
    ["CaseVariantKey", call('{"name":"a","task\u0130d":"x"}')],
    ["CaseVariantKey", call('{"name":"a","NOTI\uFB01CATIONS":{}}')],
    ["CaseVariantKey", call('{"name":"a","name\\u0000":"b"}')],
    ["CaseVariantKey", call('{"name":"a","_meta":{"progressTo\u212Aen":1}}')],
    ["CaseVariantKey", call('{"ref":{"Type":"ref/prompt"}}')],
    ["CaseVariantKey", call('{"notifications":{"resourcesubscriptions":[]}}')],
    ["DuplicateKey", call('{"ref":{"name":"a","name":"b"}}')],
  ])("%s: %s", (expected, text) => {
    expect(problem(text)).toBe(expected);
  });

  it("refuses targets of another type, and texts that decoders read differently, for the method that needs them", () => {
    for (const name of ["5", "null", "{}", '"a\\u0000b"', '"\\udc00"'])
      expect(problem(call(`{"name":${name}}`))).toBe("BadName");
    const of = (method: string, params: string) => `{"jsonrpc":"2.0","id":1,"method":"${method}","params":${params}}`;
    expect(problem(of("resources/read", '{"uri":1}'))).toBe("BadName");
    expect(problem(of("tasks/cancel", '{"taskId":[]}'))).toBe("BadName");
    expect(problem(of("completion/complete", '{"ref":"x"}'))).toBe("BadName");
    expect(problem(of("completion/complete", '{"ref":{"name":1}}'))).toBe("BadName");
    expect(problem(of("subscriptions/listen", '{"notifications":{"resourceSubscriptions":"a"}}'))).toBe("BadName");
    expect(problem(of("subscriptions/listen", '{"notifications":{"resourceSubscriptions":["a",1]}}'))).toBe("BadName");
  });
});

describe("refusing what is no message", () => {
  it.each<[ScanProblem, string]>([
    ["NotJson", ""],
    ["NotJson", "  "],
    ["NotJson", "{"],
    ["NotJson", "{'a':1}"],
    ["NotJson", '{"jsonrpc":"2.0",}'],
    ["NotJson", '{"a":01}'],
    ["NotJson", '{"a":1.}'],
    ["NotJson", '{"a":1e}'],
    ["NotJson", '{"a":+1}'],
    ["NotJson", '{"a":tru}'],
    ["NotJson", '{"a":"\t"}'],
    ["NotJson", '{"a":"\\x41"}'],
    ["NotJson", '{"a":"\\u12"}'],
    ["NotJson", '{"a":[1,]}'],
    ["NotJson", '{"a":[1 2]}'],
    ["NotJson", '{"a" 1}'],
    ["NotJson", "nul"],
    ["NotJson", '{"a":1}\u00a0'.replace("{", "\u00a0{")],
    ["TrailingBytes", '{"jsonrpc":"2.0","id":1,"method":"ping"}{}'],
    ["TrailingBytes", '{"jsonrpc":"2.0","id":1,"method":"ping"}\0'],
    ["TrailingBytes", "[{}]]"],
    ["TrailingBytes", "1 2"],
    ["ByteOrderMark", '\ufeff{"jsonrpc":"2.0","id":1,"method":"ping"}'],
    ["NotObject", '"text"'],
    ["NotObject", "17"],
    ["NotObject", "null"],
    ["NotObject", "[1]"],
    ["NotObject", "[[]]"],
    ["EmptyBatch", "[ ]"],
    ["BadVersion", '{"id":1,"method":"ping"}'],
    ["BadVersion", '{"jsonrpc":"1.0","id":1,"method":"ping"}'],
    ["BadVersion", '{"jsonrpc":2.0,"id":1,"method":"ping"}'],
    ["BadMessage", '{"jsonrpc":"2.0","id":1}'],
    ["BadMessage", '{"jsonrpc":"2.0","id":1,"result":{},"error":{}}'],
    ["BadMessage", '{"jsonrpc":"2.0","id":1,"method":"ping","result":{}}'],
    ["BadMethod", '{"jsonrpc":"2.0","id":1,"method":5}'],
    ["BadMethod", '{"jsonrpc":"2.0","id":1,"method":"\\ud800"}'],
    ["BadParams", '{"jsonrpc":"2.0","id":1,"method":"ping","params":[]}'],
    ["BadParams", '{"jsonrpc":"2.0","id":1,"method":"ping","params":"x"}'],
    ["BadId", '{"jsonrpc":"2.0","id":null,"method":"ping"}'],
    ["BadId", '{"jsonrpc":"2.0","id":1.5,"method":"ping"}'],
    ["BadId", '{"jsonrpc":"2.0","id":1.0,"method":"ping"}'],
    ["BadId", '{"jsonrpc":"2.0","id":1e3,"method":"ping"}'],
    ["BadId", '{"jsonrpc":"2.0","id":-0,"method":"ping"}'],
    ["BadId", '{"jsonrpc":"2.0","id":9007199254740992,"method":"ping"}'],
    ["BadId", '{"jsonrpc":"2.0","id":true,"method":"ping"}'],
    ["BadId", '{"jsonrpc":"2.0","id":{},"method":"ping"}'],
    ["BadId", '{"jsonrpc":"2.0","id":"\\u0000","method":"ping"}'],
    ["BadId", '{"jsonrpc":"2.0","result":{}}'],
    ["BadId", '{"jsonrpc":"2.0","id":null,"result":{}}'],
  ])("%s: %s", (expected, text) => {
    expect(problem(text)).toBe(expected);
  });

  it("refuses invalid UTF-8, also in members that nobody reads", () => {
    const bytes = Buffer.from(call('{"name":"a","arguments":{"x":"~"}}'));
    bytes[bytes.indexOf("~")] = 0xff;
    expect(problem(bytes)).toBe("InvalidUtf8");
  });

  it("says where the problem is and which id the message had", () => {
    const text = '{"jsonrpc":"2.0","id":"x","method":"ping","method":"ping"}';
    const result = scanText(text);
    if (result.kind !== "refused") throw new Error("expected a refusal");
    expect(result.at).toBe(text.lastIndexOf('"method"'));
    expect(Buffer.from(result.idBytes!).toString()).toBe('"x"');
    expect(scanText('{"a":tru}')).toMatchObject({ problem: "NotJson", at: 5, idBytes: undefined });
  });
});

describe("limits", () => {
  it("refuses nesting beyond the limit, wherever it is, and counts the message as the first level", () => {
    const nest = (levels: number) => "[".repeat(levels) + "]".repeat(levels);
    expect(problem(call(`{"name":"a","arguments":${nest(62)}}`))).toBeUndefined();
    expect(problem(call(`{"name":"a","arguments":${nest(63)}}`))).toBe("TooDeep");
    expect(problem(call(`{"name":"a","arguments":${nest(3)}}`), { maxDepth: 4 })).toBe("TooDeep");
    expect(problem(call(`{"name":"a","_meta":{"x":{}}}`), { maxDepth: 3 })).toBe("TooDeep");
    expect(problem(call(`{"name":"a","_meta":{}}`), { maxDepth: 2 })).toBe("TooDeep");
    expect(problem(call(`{"notifications":{"resourceSubscriptions":[]}}`), { maxDepth: 3 })).toBe("TooDeep");
    expect(problem(call("{}"), { maxDepth: 1 })).toBe("TooDeep");
    expect(problem("{}", { maxDepth: 0 })).toBe("TooDeep");
    expect(problem(`[{"a":${nest(63)}}]`)).toBe("TooDeep");
    expect(problem(nest(200_000), { maxDepth: 1_000_000 })).toBe("TooDeep");
  });

  it("splits an array into its messages and bounds their number", () => {
    const result = scanText(' [ {"a":1} ,\n{"b":[2]}] ');
    if (result.kind !== "batch") throw new Error("expected a batch");
    expect(result.batch.map((element) => Buffer.from(element).toString())).toEqual(['{"a":1}', '{"b":[2]}']);
    const elements = (count: number) => `[${Array.from({ length: count }, () => "{}").join(",")}]`;
    expect(scanText(elements(100)).kind).toBe("batch");
    expect(problem(elements(101))).toBe("BatchTooLong");
    expect(problem(elements(3), { maxBatch: 2 })).toBe("BatchTooLong");
  });
});

describe("long strings", () => {
  const at = (content: string) => call(`{"name":"a","arguments":{"x":${content},"y":1}}`);

  it("finds the end of strings of every length around the switches between its ways", () => {
    for (const length of [380, 383, 384, 385, 388, 389, 400, 1000, 65_535, 65_536, 65_537, 70_000, 200_000]) {
      for (const tail of ["", "\\\\", '\\"', "\\u0041", "é"]) {
        const text = at(`"${"x".repeat(length)}${tail}"`);
        expect(problem(text), `${length} ${tail}`).toBeUndefined();
        expect(problem(at(`"${"x".repeat(length)}${tail}`)), `open ${length} ${tail}`).toBe("NotJson");
      }
    }
  });

  it("finds a control character and a bad escape at every place of a run up to 64 KiB", () => {
    for (const length of [1, 383, 384, 386, 500, 65_000]) {
      for (const place of [0, 1, 2, 3, length >> 1, length - 1]) {
        const plain = Array.from({ length }, () => "x");
        for (const bad of ["\u0001", "\n", "\\x", "\\u00g0", "\\u1"]) {
          const content = plain.with(Math.min(place, length - 1), bad).join("");
          expect(problem(at(`"${content}"`)), `${length} ${place} ${JSON.stringify(bad)}`).toBe("NotJson");
        }
      }
    }
  });

  it("still finds the exact end of a run beyond 64 KiB", () => {
    const run = "x".repeat(100_000);
    expect(problem(at(`"${run}\\\\\\"${run}\\\\"`))).toBeUndefined();
    expect(problem(at(`"${run}\\\\\\\\"`))).toBeUndefined();
    for (const end of ["\\u", "\\u1", "\\u12", "\\u123"]) expect(problem(at(`"${run}${end}"`)), end).toBe("NotJson");
    for (const end of ["\\\\u", "\\\\u12", "u12", "\\u1234", "\\u12345"])
      expect(problem(at(`"${run}${end}"`)), end).toBe(undefined);
  });

  it("checks the first bytes of a run beyond 64 KiB in full", () => {
    expect(problem(at(`"${"x".repeat(100)}\u0001${"x".repeat(100_000)}"`))).toBe("NotJson");
  });

  it("finds the end of strings whose escapes and quotes are spread out", () => {
    for (const unit of ["x".repeat(400) + "\\n", "x".repeat(400) + '\\"', "x".repeat(70_000) + '\\"\\\\']) {
      const text = at(`"${unit.repeat(5)}"`);
      expect(problem(text)).toBeUndefined();
      expect(problem(text.replace(/"(,"y":1)/, "$1"))).toBe("NotJson");
    }
  });
});
