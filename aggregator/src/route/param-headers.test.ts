import { expect, it } from "vitest";
import { buildParamHeaders } from "./param-headers.ts";

const schema = {
  type: "object",
  properties: {
    region: { type: "string", "x-mcp-header": "Region" },
    count: { type: "integer", "x-mcp-header": "Count" },
    dry: { type: "boolean", "x-mcp-header": "Dry-Run" },
    plain: { type: "string" },
    where: { type: "object", properties: { zone: { type: "string", "x-mcp-header": "Zone" } } },
    listed: { type: "array", items: { type: "string", "x-mcp-header": "Never" } },
    bad: { type: "string", "x-mcp-header": "not a token" },
  },
};

it("repeats the arguments that the schema names, also nested ones, and no others", () => {
  const values = { region: "eu", count: 3, dry: false, plain: "p", where: { zone: "b" }, listed: ["x"], bad: "y" };
  expect(buildParamHeaders(schema, values)).toEqual({
    "mcp-param-region": "eu",
    "mcp-param-count": "3",
    "mcp-param-dry-run": "false",
    "mcp-param-zone": "b",
  });
});

it("leaves out absent and null arguments, and encodes what a header can't hold", () => {
  expect(buildParamHeaders(schema, { region: "Zürich", count: null })).toEqual({
    "mcp-param-region": `=?base64?${Buffer.from("Zürich").toString("base64")}?=`,
  });
  expect(buildParamHeaders(schema, undefined)).toEqual({});
  expect(buildParamHeaders({ properties: { toString: { "x-mcp-header": "T" } } }, {})).toEqual({});
});
