import fc from "fast-check";
import { expect, it } from "vitest";
import { beginHead, endHead, isBodiless, writeLastAnswer } from "./answer-head.ts";

it("a head has the words of its status, the headers in their order, and what becomes of body and connection", () => {
  const { text, hasLength, keepsAlive } = beginHead(202, ["Content-Type", "a/b", "x", "\u00e9"]);
  expect([hasLength, keepsAlive]).toEqual([false, true]);
  expect(endHead(text, { body: 3, keepsAlive })).toBe(
    "HTTP/1.1 202 Accepted\r\nContent-Type: a/b\r\nx: \u00e9\r\ncontent-length: 3\r\nConnection: keep-alive\r\nKeep-Alive: timeout=72\r\n\r\n",
  );
  expect(endHead(beginHead(599, []).text, { body: "chunked", keepsAlive: false })).toBe(
    "HTTP/1.1 599 \r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n",
  );
});

it("headers say whether the length is known and the connection ends, in any case of letters", () => {
  expect(beginHead(200, ["CONTENT-Length", "1"]).hasLength).toBe(true);
  expect(beginHead(200, ["Connection", "Close"])).toMatchObject({ text: "HTTP/1.1 200 OK\r\n", keepsAlive: false });
});

it("no header begins another line, whatever it holds", () => {
  const texts = fc.string({ unit: fc.constantFrom("a", "\r", "\n", "\u010a", "\u010d", "\0", ":", " ", "\u{1f600}") });
  fc.assert(
    fc.property(fc.array(texts, { maxLength: 8 }), (headers) => {
      const bytes = Buffer.from(beginHead(200, headers).text, "latin1").toString("latin1");
      const lines = bytes.split("\r\n");
      expect(lines.length).toBeLessThanOrEqual(2 + headers.length / 2);
      expect(bytes.replaceAll("\r\n", "")).not.toMatch(/[\r\n\0]/);
    }),
  );
});

it("a HEAD, and some statuses, have no body", () => {
  expect([isBodiless("HEAD", 200), isBodiless("GET", 204), isBodiless("GET", 304)]).toEqual([true, true, true]);
  expect([isBodiless("GET", 200), isBodiless("POST", 404)]).toEqual([false, false]);
});

it("a last answer is a status and the end", () => {
  expect(writeLastAnswer(400)).toBe("HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n");
});
