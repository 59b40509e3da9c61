import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createRequestReader } from "./request-reader.ts";
import type { HeadMemory } from "./head-memory.ts";

/** Reads pieces to their end; gives the events in words, the pieces of a body as one. */
function read(pieces: readonly (Buffer | string)[], memory: HeadMemory = { last: undefined }) {
  const told: string[] = [];
  const tell = (word: string, text: string): void => {
    const last = told.at(-1);
    if (word === "data" && last?.startsWith("data ") === true) told[told.length - 1] = last + text;
    else told.push(`${word} ${text}`);
  };
  const reader = createRequestReader(
    {
      onHead: ({ method, target, isOld, rawHeaders, headers, wantsEnd, expectsContinue }, bodyBytes) =>
        tell(
          "head",
          JSON.stringify([method, target, isOld, rawHeaders, headers, wantsEnd, expectsContinue, bodyBytes ?? "?"]),
        ),
      onData: (chunk) => tell("data", chunk.toString("latin1")),
      onEnd: () => tell("end", ""),
      onFault: ({ status }) => tell("fault", String(status)),
    },
    memory,
  );
  for (const piece of pieces) {
    let rest: Buffer | undefined = Buffer.from(piece as string, "latin1");
    while (rest !== undefined) rest = reader.push(rest);
  }
  return { told, reader };
}

const usual = (body: string, more = ""): string =>
  `POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n${more}Content-Length: ${body.length}\r\n\r\n${body}`;
const chunked =
  "POST /mcp?x=1 HTTP/1.1\r\nhost: a\r\ntransfer-encoding: Chunked\r\n\r\n3;a=b\r\nabc\r\n000a\r\n0123456789\r\n0\r\nx: y\r\n\r\n";
const stream = "GET /mcp HTTP/1.1\r\nhost: a\r\naccept: text/event-stream\r\n\r\n";

/** The status of the fault that a request ends with. */
const faultOf = (text: string): string | undefined => read([text]).told.find((each) => each.startsWith("fault"));
const post = (lines: string, body = ""): string => `POST / HTTP/1.1\r\nhost: a\r\n${lines}\r\n\r\n${body}`;

describe("a request", () => {
  it("is told with its names as they came, and by name in lower case", () => {
    const { told } = read([
      usual("{}", "X-A: 1\r\nx-a:2 \r\nCookie: a\r\ncookie: b\r\nUser-Agent: u\r\nuser-agent: v\r\n"),
    ]);
    const raw = ["Host", "localhost", "Content-Type", "application/json", "X-A", "1", "x-a", "2"];
    const more = ["Cookie", "a", "cookie", "b", "User-Agent", "u", "user-agent", "v"];
    const names = {
      host: "localhost",
      "content-type": "application/json",
      "x-a": "1, 2",
      cookie: "a; b",
      "user-agent": "u",
    };
    const head = ["POST", "/mcp", false, [...raw, ...more], names, false, false, 2];
    expect(told).toEqual([`head ${JSON.stringify(head)}`, "data {}", "end "]);
  });

  it("is followed by the next one, with empty lines between them", () => {
    const { told, reader } = read([`\r\n${usual("ab")}\r\n\r\n${stream}`]);
    expect(told.map((each) => each.split(" ")[0])).toEqual(["head", "data", "end", "head", "end"]);
    expect(reader.isIdle()).toBe(true);
  });

  it("gives what stands behind it back unread", () => {
    const told: string[] = [];
    const note = (word: string) => () => void told.push(word);
    const events = { onHead: note("head"), onData: note("data"), onEnd: note("end"), onFault: note("fault") };
    const reader = createRequestReader(events, { last: undefined });
    expect(reader.push(Buffer.from(`${stream}GET /next`))?.toString()).toBe("GET /next");
    expect(told).toEqual(["head", "end"]);
  });

  it("in chunks comes without their framing and trailers", () => {
    const { told } = read([chunked]);
    expect(told.slice(1)).toEqual(["data abc0123456789", "end "]);
    expect(told[0]).toContain('"?"');
  });

  it("of HTTP/1.0 needs no host, and ends its connection unless it asks to keep it", () => {
    expect(read(["GET / HTTP/1.0\r\n\r\n"]).told[0]).toContain('["GET","/",true,[],{},true,false,0]');
    expect(read(["GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n"]).told[0]).toContain(",false,false,0]");
    expect(read(["GET / HTTP/1.0\r\nExpect: other\r\n\r\n"]).told[0]).toContain(",true,false,0]");
  });

  it("says whether its connection ends with it, in any of the ways to say so", () => {
    for (const line of ["connection: close", "Connection: x, Close", "connection: x\r\nconnection: close"])
      expect(read([post(line)]).told[0], line).toContain(",true,false,0]");
    for (const line of ["connection: closed", "x: close"])
      expect(read([post(line)]).told[0], line).toContain(",false,false,0]");
  });
});

describe("what two readers could take for two requests is none", () => {
  it.each([
    ["two lengths", post("content-length: 1\r\ncontent-length: 1", "a"), 400],
    ["a list of lengths", post("content-length: 1, 1", "a"), 400],
    ["a length with a sign", post("content-length: +1", "a"), 400],
    ["a length that nobody can count to", post(`content-length: ${"9".repeat(20)}`), 400],
    ["an empty length", post("content-length:"), 400],
    ["a length beside chunks", post("content-length: 1\r\ntransfer-encoding: chunked", "0\r\n\r\n"), 400],
    ["chunks beside a length", post("transfer-encoding: chunked\r\ncontent-length: 1", "0\r\n\r\n"), 400],
    ["two encodings", post("transfer-encoding: chunked\r\ntransfer-encoding: chunked"), 400],
    ["another encoding", post("transfer-encoding: gzip, chunked"), 501],
    ["an encoding that is not quite chunked", post("transfer-encoding: \x0bchunked"), 400],
    ["chunks of HTTP/1.0", "POST / HTTP/1.0\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n", 400],
    ["a folded line", post("x: a\r\n b"), 400],
    ["a space before the colon", post("x : a"), 400],
    ["a line without a colon", post("x"), 400],
    ["a name of nothing", post(": a"), 400],
    ["a zero byte in a value", post("x: a\0"), 400],
    ["a line feed alone", post("x: a\ny: b"), 400],
    ["line feeds alone, without an end of the head", "GET / HTTP/1.1\nhost: a\n\n", 400],
    ["a carriage return alone", post("x: a\ry: b"), 400],
    ["no host", "GET / HTTP/1.1\r\n\r\n", 400],
    ["two hosts", "GET / HTTP/1.1\r\nhost: a\r\nHost: a\r\n\r\n", 400],
    ["a method that is none", "GE(T / HTTP/1.1\r\nhost: a\r\n\r\n", 400],
    ["no method", " / HTTP/1.1\r\nhost: a\r\n\r\n", 400],
    ["no target", "GET HTTP/1.1\r\nhost: a\r\n\r\n", 400],
    ["a target with a space", "GET /a b HTTP/1.1\r\nhost: a\r\n\r\n", 400],
    ["a target with a control", "GET /a\x01 HTTP/1.1\r\nhost: a\r\n\r\n", 400],
    ["a target that is no path", "GET a HTTP/1.1\r\nhost: a\r\n\r\n", 400],
    ["a target of other letters", "GET /\xe9 HTTP/1.1\r\nhost: a\r\n\r\n", 400],
    ["two spaces", "GET  / HTTP/1.1\r\nhost: a\r\n\r\n", 400],
    ["no version", "GET /\r\nhost: a\r\n\r\n", 400],
    ["the beginning of TLS", "\x16\x03\x01", 400],
    ["the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505],
    ["a version that does not exist", "GET / HTTP/1.2\r\nhost: a\r\n\r\n", 505],
    ["a tunnel", "CONNECT a:1 HTTP/1.1\r\nhost: a\r\n\r\n", 501],
    ["an expectation that is not known", post("expect: 200-maybe"), 417],
    ["headers beyond their bound", post(`x: ${"a".repeat(16_400)}`), 431],
    ["more headers than fit", post("a:\r\n".repeat(2_100) + "b:"), 431],
    ["a head without an end", `GET / HTTP/1.1\r\nx: ${"a".repeat(40_000)}`, 431],
  ])("%s", (_name, text, status) => {
    expect(faultOf(text)).toBe(`fault ${status}`);
  });

  it.each([
    ["a sign", "+1\r\na\r\n0\r\n\r\n", 400],
    ["a prefix", "0x1\r\na\r\n0\r\n\r\n", 400],
    ["nothing", "\r\na\r\n0\r\n\r\n", 400],
    ["a space", "1 \r\na\r\n0\r\n\r\n", 400],
    ["more than can be counted to", "fffffffffffffff\r\na", 400],
    ["more digits than a number has", `${"f".repeat(17)}\r\na`, 400],
    ["a chunk that is longer than it says", "1\r\nab\r\n0\r\n\r\n", 400],
    ["a line feed alone", "1\na\n0\n\n", 400],
    ["a control in what stands beside", "1;\x01\r\na\r\n0\r\n\r\n", 400],
    ["a line without an end", `1;${"a".repeat(5_000)}`, 400],
    ["too much beside the chunks", `1;${"a".repeat(4_000)}\r\na\r\n`.repeat(5), 413],
    ["trailers beyond their bound", `0\r\n${`x: ${"a".repeat(4_000)}\r\n`.repeat(5)}`, 431],
    ["a trailer that is no field", "0\r\nx\r\n\r\n", 400],
    ["a trailer that says a length", "0\r\nContent-Length: 1\r\n\r\n", 400],
    ["a trailer that says an encoding", "0\r\ntransfer-encoding: chunked\r\n\r\n", 400],
  ])("a length of a chunk with %s", (_name, body, status) => {
    expect(faultOf(post("transfer-encoding: chunked", body))).toBe(`fault ${status}`);
  });

  it("is told once, and nothing is read behind it", () => {
    const { told } = read([`GET / HTTP/1.1\r\n\r\n${stream}`, stream]);
    expect(told).toEqual(["fault 400"]);
  });
});

const messages = [
  usual('{"a":1}'), usual(""), usual("x".repeat(300)), chunked, stream, usual("", "Expect: 100-continue\r\n"), `\r\n${stream}`,
  post("content-length: 1\r\ncontent-length: 1", "a"), post("transfer-encoding: gzip"), "GET / HTTP/1.1\nhost: a\n\n",
  post("x : y"), post("transfer-encoding: chunked", "5\nabcde\n0\n\n"), post("transfer-encoding: chunked", "zz\r\n"),
  post(`x: ${"a".repeat(17_000)}`), post("x: a\r\n b"), "GET / HTTP/3.0\r\nx: y\nz\r\n\r\n", post(`x: a\nb${"c".repeat(33_000)}`),
]; // prettier-ignore

const cut = (text: string, at: readonly number[]): string[] => {
  const ends = [...new Set(at.map((each) => each % (text.length + 1)))].toSorted((a, b) => a - b);
  return [0, ...ends].map((start, index) => text.slice(start, ends[index] ?? text.length));
};

describe("however requests are cut", () => {
  it("the same is told, at every single cut of every kind of message", () => {
    for (const message of messages.filter(({ length }) => length < 1_000)) {
      const text = message + stream;
      const whole = read([text]).told;
      for (let at = 1; at < text.length; at++) expect(read(cut(text, [at])).told, `cut at ${at}`).toEqual(whole);
      expect(read(text.split("")).told).toEqual(whole);
    }
  });

  it("the same is told of any messages one behind the other, at any cuts, with and without a memory of heads", () => {
    const sequences = fc.array(fc.constantFrom(...messages), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(sequences, fc.array(fc.nat(), { maxLength: 6 }), (chosen, at) => {
        const text = chosen.join("");
        const memory = { last: undefined };
        read([usual("before"), stream], memory);
        const whole = read([text]).told;
        expect(read(cut(text, at)).told).toEqual(whole);
        expect(read(cut(text, at), memory).told).toEqual(whole);
      }),
      { numRuns: 2_000 },
    );
  });

  it("any bytes end in requests that are whole, in a fault, or in one that is awaited; after a fault nothing is told", () => {
    const noise = fc.oneof(
      fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes).toString("latin1")),
      fc.constantFrom(
        "\r\n",
        "\n",
        "\r",
        ":",
        " ",
        "0\r\n\r\n",
        "content-length: 5\r\n",
        "transfer-encoding: chunked\r\n",
      ),
    );
    const texts = fc.tuple(fc.constantFrom(...messages), fc.nat(), fc.array(noise, { maxLength: 4 }));
    fc.assert(
      fc.property(texts, fc.array(fc.nat(), { maxLength: 4 }), ([message, at, dirt], cuts) => {
        const place = at % (message.length + 1);
        const text = message.slice(0, place) + dirt.join("") + message.slice(place) + stream;
        const { told } = read(cut(text, cuts));
        expect(told).toEqual(read([text]).told);
        const words = told.map((each) => `${each.split(" ")[0] ?? ""} `).join("");
        expect(words).toMatch(/^(?:head (?:data )?end )*(?:head (?:data )?)?(?:fault )?$/);
      }),
      { numRuns: 3_000 },
    );
  });
});

describe("the memory of heads", () => {
  it("gives equal heads the same headers, whatever the length of the body", () => {
    const lists: unknown[] = [];
    const bodies: (number | undefined)[] = [];
    const events = {
      onHead: ({ rawHeaders }: { rawHeaders: unknown }, bodyBytes: number | undefined) => {
        lists.push(rawHeaders);
        bodies.push(bodyBytes);
      },
      onData: () => undefined,
      onEnd: () => undefined,
      onFault: () => undefined,
    };
    const reader = createRequestReader(events, { last: undefined });
    for (const length of [1, 12, 123, 0]) reader.push(Buffer.from(usual("a".repeat(length))));
    reader.push(Buffer.from(usual("a", "x: 1\r\n")));
    expect(bodies).toEqual([1, 12, 123, 0, 1]);
    expect(new Set(lists).size).toBe(2);
  });

  it("never takes one head for another", () => {
    const names = fc.constantFrom(
      "content-length: 1",
      "Content-Length: 01",
      "content-length:1",
      "x: y",
      "content-length: 1 ",
      "te: a",
    );
    const heads = fc
      .array(names, { maxLength: 3 })
      .map((lines) => `POST / HTTP/1.1\r\nhost: a\r\n${lines.map((line) => `${line}\r\n`).join("")}\r\na`);
    fc.assert(
      fc.property(fc.array(heads, { minLength: 2, maxLength: 6 }), (texts) => {
        const memory = { last: undefined };
        for (const text of texts) expect(read([text], memory).told).toEqual(read([text]).told);
      }),
      { numRuns: 2_000 },
    );
  });
});
