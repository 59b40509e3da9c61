import { expect, it } from "vitest";
import { readFailure, toFailure } from "./failure.ts";

it("takes 410 for an expired resource version and gives the server's sentence", () => {
  const body = JSON.stringify({ kind: "Status", message: "too old resource version" });
  expect(readFailure(410, body, undefined)).toEqual({
    kind: "expired",
    status: 410,
    message: "the API server answered 410: too old resource version",
  });
});

it("reads Retry-After in seconds and ignores what is no number", () => {
  expect(readFailure(429, "", "3").retryAfterMs).toBe(3_000);
  expect(readFailure(429, "", "soon").retryAfterMs).toBeUndefined();
});

it("says nothing of a body that is not a Status", () => {
  expect(readFailure(502, "<html>bad gateway</html>", undefined).message).toBe("the API server answered 502");
});

it("keeps the code of a network error", () => {
  const error = Object.assign(new Error("connect failed"), { code: "ECONNREFUSED" });
  expect(toFailure(error)).toEqual({ kind: "unreachable", message: "nothing listens there (ECONNREFUSED)" });
  const named = new Error("can't reach https://10.0.0.1 (from --kube): nothing listens there", { cause: error });
  expect(toFailure(named).message).toBe(named.message);
});
