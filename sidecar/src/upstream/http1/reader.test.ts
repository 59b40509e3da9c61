import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createAnswerReader } from "./reader.ts";

interface Heard {
  readonly told: string[];
  readonly body: () => string;
  readonly isIdle: () => boolean;
  readonly keepsAlive: () => boolean | undefined;
}

/** Reads pieces and tells what was heard: `head STATUS`, `end`, `broken ...`. */
function read(pieces: readonly (string | Buffer)[], { ends = false } = {}): Heard {
  const told: string[] = [];
  const chunks: Buffer[] = [];
  let keepsAlive: boolean | undefined;
  const reader = createAnswerReader({
    onHead: (head) => {
      ({ keepsAlive } = head);
      told.push(`head ${head.status}`);
    },
    onData: (chunk) => void chunks.push(Buffer.from(chunk)),
    onEnd: () => void told.push("end"),
    onBroken: (problem) => void told.push(`broken: ${problem}`),
  });
  for (const piece of pieces) reader.push(Buffer.from(piece as string, "latin1"));
  if (ends) reader.finish();
  return {
    told,
    body: () => Buffer.concat(chunks).toString("latin1"),
    isIdle: reader.isIdle,
    keepsAlive: () => keepsAlive,
  };
}

const lengthAnswer = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
const chunkedAnswer =
  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;note=x\r\nhel\r\n2\r\nlo\r\n0\r\nX-Trailer: y\r\n\r\n";
const interimAnswer = `HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n${lengthAnswer}`;

/** A text cut at these places. */
function cutAt(text: string, places: readonly number[]): readonly string[] {
  const sorted = [...new Set(places.map((place) => place % (text.length + 1)))].sort((a, b) => a - b);
  return [...sorted, text.length].map((end, index) => text.slice(sorted[index - 1] ?? 0, end));
}

describe.each([
  ["a length", lengthAnswer],
  ["chunks", chunkedAnswer],
  ["an interim answer before it", interimAnswer],
])("an answer with %s", (_what, text) => {
  it("is the same however it is cut", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(), { maxLength: 12 }), (places) => {
        const heard = read(cutAt(text, places));
        expect(heard.told).toEqual(["head 200", "end"]);
        expect(heard.body()).toBe("hello");
        expect(heard.isIdle()).toBe(true);
      }),
    );
  });

  it("is not whole before its last byte", () => {
    for (let length = 0; length < text.length; length++) {
      const heard = read([text.slice(0, length)], { ends: true });
      expect(heard.told.at(-1)).toBe("broken: the connection ended");
    }
  });

  it("leaves no room for bytes behind it", () => {
    const heard = read([`${text}HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n`]);
    expect(heard.told).toEqual(["head 200", "end"]);
    expect(heard.isIdle()).toBe(false);
  });
});

it("reads several answers one after the other", () => {
  const heard = read([lengthAnswer, chunkedAnswer, lengthAnswer]);
  expect(heard.told).toEqual(["head 200", "end", "head 200", "end", "head 200", "end"]);
});

it("reads a body without length to the end of the connection", () => {
  const heard = read(["HTTP/1.1 200 OK\r\n\r\nhel", "lo"], { ends: true });
  expect(heard.told).toEqual(["head 200", "end"]);
  expect(heard.body()).toBe("hello");
  expect(heard.keepsAlive()).toBe(false);
});

it.each([
  ["204", "HTTP/1.1 204 No Content\r\nContent-Length: 7\r\n\r\n"],
  ["304", "HTTP/1.1 304 Not Modified\r\n\r\n"],
  ["202 of length 0", "HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n"],
])("%s has no body", (_status, text) => {
  expect(read([text]).told.at(-1)).toBe("end");
});

it.each([
  ["HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", false],
  ["HTTP/1.1 200 OK\r\nConnection: x, Close\r\nContent-Length: 0\r\n\r\n", false],
  ["HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", false],
  ["HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n", true],
  ["HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", true],
])("%j keeps its connection: %s", (text, keeps) => {
  expect(read([text]).keepsAlive()).toBe(keeps);
});

it.each([
  ["another protocol", "SMTP ready\r\n\r\n"],
  ["an old status line", "HTTP/0.9 200 OK\r\n\r\n"],
  ["a status of four digits", "HTTP/1.1 2000 OK\r\n\r\n"],
  ["a folded header", "HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n"],
  ["a space before the colon", "HTTP/1.1 200 OK\r\nContent-Length : 5\r\n\r\nhello"],
  ["a line end of its own", "HTTP/1.1 200 OK\r\nA: b\nContent-Length: 5\r\n\r\nhello"],
  ["a carriage return in a value", "HTTP/1.1 200 OK\r\nA: b\rc\r\n\r\n"],
  ["a zero byte", "HTTP/1.1 200 OK\r\nA: \0\r\n\r\n"],
  ["two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello"],
  ["a list of lengths", "HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\nhello"],
  ["a signed length", "HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\nhello"],
  ["a length beside chunks", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"],
  ["two encodings", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"],
  [
    "encodings in two headers",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
  ],
  ["chunks in HTTP/1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"],
  ["a chunk without a number", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n\r\n"],
  ["a negative chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n\r\n"],
  ["a chunk longer than it says", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhello\r\n0\r\n\r\n"],
  ["a chunk of endless length", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffff\r\n"],
  ["a change of protocol", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"],
  ["an endless head", `HTTP/1.1 200 OK\r\nA: ${"x".repeat(70_000)}`],
  ["an endless chunk line", `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;${"x".repeat(5_000)}`],
  [
    "endless trailers",
    `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n${`A: ${"x".repeat(1_000)}\r\n`.repeat(80)}`,
  ],
])("an answer with %s is broken, however it is cut", (_what, text) => {
  for (const pieces of [[text], text.slice(0, 300).split("").concat(text.slice(300))]) {
    const heard = read(pieces);
    expect(heard.told.at(-1)).toMatch(/^broken: /);
    expect(heard.told.filter((each) => each === "end" || each.startsWith("broken"))).toHaveLength(1);
  }
});

it("never fails on any bytes, and tells at most one end of an answer", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), fc.nat(chunkedAnswer.length), (noise, at) => {
      const text = chunkedAnswer.slice(0, at) + Buffer.from(noise).toString("latin1");
      const { told } = read([text, text], { ends: true });
      const ends = told.filter((each) => each === "end" || each.startsWith("broken")).length;
      expect(ends).toBeGreaterThan(0);
      expect(told.findIndex((each) => each.startsWith("broken"))).toBeOneOf([-1, told.length - 1]);
    }),
    { numRuns: 2_000 },
  );
});
