import { expect, it } from "vitest";
import { readEntries } from "./read-entries.ts";

const place = {
  origin: "File",
  namespace: "local",
  keyPrefix: "file",
  createdAtOf: () => "2026-11-01T10:00:00.000Z",
} as const;
const read = (servers: object) => readEntries(JSON.stringify({ mcpServers: servers }), place);

it("reads an entry with a control port as a sidecar, with group, origin and headers", () => {
  const outcome = read({
    git: {
      url: "http://127.0.0.1:19080/mcp",
      headers: { "X-Team": "web" },
      outrigger: {
        control: "http://127.0.0.1:19081/",
        group: "development",
        origin: { transport: "stdio", package: "@cyanheads/git-mcp-server" },
      },
    },
  });
  expect(outcome).toEqual({
    ok: true,
    problems: [],
    sidecars: [
      {
        key: "file:git",
        namespace: "local",
        server: "git",
        group: "development",
        dataUrl: "http://127.0.0.1:19080/mcp",
        controlUrl: "http://127.0.0.1:19081",
        labels: {},
        createdAt: "2026-11-01T10:00:00.000Z",
        origin: "File",
        transport: "stdio",
        image: "@cyanheads/git-mcp-server",
        headers: { "X-Team": "web" },
        isReady: true,
      },
    ],
  });
});

it("reads entries of a list elsewhere as of its namespace, with its origin and keys of its own", () => {
  const text = JSON.stringify({
    mcpServers: { git: { url: "http://git/mcp", outrigger: { control: "http://git:2" } }, process: { command: "npx" } },
  });
  const listed = readEntries(text, {
    ...place,
    origin: "ConfigMap",
    namespace: "partners",
    keyPrefix: "partners/list",
  });
  const common = { namespace: "partners", origin: "ConfigMap" };
  expect(listed).toMatchObject({
    sidecars: [{ ...common, key: "partners/list:git", server: "git" }],
    problems: [{ ...common, key: "partners/list:process", server: "process" }],
  });
});

it("says of each entry why it can't be dialled, and keeps the others", () => {
  const outcome = read({
    process: { command: "npx" },
    bare: { url: "http://127.0.0.1:1/mcp" },
    odd: { url: "http://127.0.0.1:1/mcp", outrigger: { control: "ftp://127.0.0.1" } },
    metadata: { url: "http://169.254.169.254/mcp", outrigger: { control: "http://127.0.0.1:2" } },
    aside: { url: "http://127.0.0.1:1/mcp", outrigger: { control: "http://metadata.google.internal" } },
    good: { url: "http://127.0.0.1:1/mcp", outrigger: { control: "http://127.0.0.1:2" } },
  });
  if (!outcome.ok) throw new Error(outcome.message);
  expect(outcome.sidecars.map(({ server }) => server)).toEqual(["good"]);
  expect(outcome.problems.map(({ server, reason }) => [server, reason])).toEqual([
    ["process", "NotInjected"],
    ["bare", "EndpointInvalid"],
    ["odd", "EndpointInvalid"],
    ["metadata", "EndpointInvalid"],
    ["aside", "EndpointInvalid"],
  ]);
});

it("refuses a file that is not JSON or has unknown keys, with the place of each problem", () => {
  expect(readEntries("{", place)).toMatchObject({
    ok: false,
    message: expect.stringContaining("not JSON") as string,
  });
  const outcome = read({ a: { url: "http://127.0.0.1/mcp", urll: 1 }, b: {} });
  expect(outcome).toMatchObject({
    ok: false,
    message: expect.stringMatching(/mcpServers\.a\.urll.*mcpServers\.b/) as string,
  });
});
