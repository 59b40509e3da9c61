import { expect, it } from "vitest";
import { answerHeaders, preflightHeaders } from "./cors.ts";

it("lets a page of a named origin read answers without cookies, and tells caches that answers differ", () => {
  const headers = answerHeaders("https://app.example");
  expect(headers).toMatchObject({ vary: "Origin", "access-control-allow-origin": "https://app.example" });
  expect(headers["access-control-expose-headers"]).toMatch(/Mcp-Session-Id.*WWW-Authenticate/);
  expect(Object.keys(headers)).not.toContain("access-control-allow-credentials");
  expect(answerHeaders(undefined)).toEqual({ vary: "Origin" });
});

it("lets pages send the headers that mean something here, and no others", () => {
  const asked = "Authorization, content-type,mcp-param-region, X-Evil, Cookie, mcp-session-id";
  expect(preflightHeaders(asked)).toMatchObject({
    "access-control-allow-headers": "authorization, content-type, mcp-param-region, mcp-session-id",
    "access-control-allow-methods": "GET, POST, DELETE",
  });
  expect(preflightHeaders(undefined)).not.toHaveProperty("access-control-allow-headers");
});
