import { describe, expect, it } from "vitest";
import { messagesOf, openControlledDoor, request, type ControlledApp } from "../../bundle/testing/controlled-door.ts";

const schema = {
  $schema: "http://json-schema.org/draft-07/schema#",
  type: "object",
  properties: { path: { type: "string", minLength: 1 }, count: { type: "integer" } },
  required: ["path"],
  additionalProperties: false,
};
const tools = [
  { name: "read", inputSchema: schema, annotations: { readOnlyHint: true } },
  { name: "write", inputSchema: schema, annotations: { readOnlyHint: false } },
  { name: "bare", inputSchema: { type: "object" } },
];

/** Answers every call with a text, and lists its tools. */
const app = (more: Partial<ControlledApp> = {}): ControlledApp => ({
  tools,
  answer: (body) => {
    const answers = [body].flat().map(({ id, method }) => ({
      ...{ jsonrpc: "2.0", id },
      result: method === "tools/list" ? { tools } : { content: [{ type: "text", text: "done" }] },
    }));
    return { text: JSON.stringify(Array.isArray(body) ? answers : answers[0]) };
  },
  ...more,
});
const call = (name: string, args: object = {}, id: unknown = 1): object =>
  request("tools/call", { name, arguments: args }, id);
const namesIn = (text: string): unknown[] =>
  messagesOf(text).flatMap(({ result }) => (result as { tools: { name: string }[] }).tools.map(({ name }) => name));
const hasArrived = (arrived: readonly { method?: string }[]): boolean =>
  arrived.some(({ method }) => method === "tools/call");

describe("read-only access", () => {
  it("F-129 serves only tools whose approved definition declares them read-only, and the others never reach the server", async () => {
    const door = await openControlledDoor(app());
    await door.apply({ access: "ReadOnly" });
    expect(namesIn((await door.post(request("tools/list"))).text)).toEqual(["read"]);
    expect((await door.post(call("write"))).text).toContain("Unknown tool: write");
    expect((await door.post(call("bare"))).text).toContain("Unknown tool: bare");
    expect(hasArrived(door.arrived)).toBe(false);
    expect((await door.post(call("read"))).text).toContain("done");
    // A definition that declares it later is not the approved one.
    door.book.observe(tools.map((tool) => ({ ...tool, annotations: { readOnlyHint: true } })));
    expect((await door.post(call("write"))).text).toContain("Unknown tool: write");
    expect(door.metrics()).toContain('outrigger_sidecar_refused_total{reason="tool_not_read_only"} 3');
  });
});

describe("a rule that looks at arguments", () => {
  it("F-128 refuses a call by an expression, and one that errs, before the server sees it", async () => {
    const door = await openControlledDoor(app());
    const rule = { name: "only tmp", action: "Deny", tools: ["write"], when: '!args.path.startsWith("/tmp/")' };
    expect(await door.apply({ rules: [rule] })).toEqual([]);
    expect(namesIn((await door.post(request("tools/list"))).text)).toContain("write");
    const refused = messagesOf((await door.post(call("write", { path: "/etc/passwd" }))).text)[0]?.["result"];
    expect(refused).toMatchObject({ isError: true, _meta: { "outrigger.dev/error": { reason: "ArgumentsDenied" } } });
    expect(JSON.stringify(refused)).toContain("only tmp");
    expect((await door.post(call("write", { path: 7 }))).text).toContain("only tmp");
    expect(hasArrived(door.arrived)).toBe(false);
    expect((await door.post(call("write", { path: "/tmp/a" }))).text).toContain("done");
    expect((await door.post(call("read", { path: "/etc" }))).text).toContain("done");
  });

  it("refuses arguments that two decoders could read differently, and more of them than are looked at", async () => {
    const door = await openControlledDoor(app());
    await door.apply({ rules: [{ name: "r", action: "Deny", tools: ["write"], when: 'args.path == "/"' }] });
    for (const key of ["path", "PATH"]) {
      const params = `{"name":"write","arguments":{"path":"/tmp","${key}":"/"}}`;
      const answer = await door.post(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":${params}}`);
      expect(answer.text).toContain("can't be read in exactly one way");
    }
    const large = await door.post(call("write", { path: "x".repeat(1_100_000) }));
    expect([large.status, large.text.includes("RequestTooLarge")]).toEqual([413, true]);
    expect(hasArrived(door.arrived)).toBe(false);
  });

  it("with an expression that can't be used refuses the policy, and the last good one stays", async () => {
    const door = await openControlledDoor(app());
    await door.apply({ tools: { deny: ["write"] } });
    const problems = await door.apply({ rules: [{ name: "r", action: "Deny", when: 'args.a.matches("(a+)+")' }] });
    expect(problems.join()).toContain("rules.0.when: expected only these functions");
    expect((await door.post(call("write"))).text).toContain("Unknown tool");
  });
});

describe("arguments", () => {
  it("F-135 are checked against the approved schema and for secrets before the server sees them, and the refusal says what to correct", async () => {
    const door = await openControlledDoor(app());
    await door.apply({ arguments: { schema: "Enforce", deny: ["AWSKey"] } });
    const textOf = async (name: string, args: object): Promise<string> => {
      const [message] = messagesOf((await door.post(call(name, args))).text);
      return (message?.["result"] as { content: { text: string }[] }).content[0]?.text ?? "";
    };
    expect(await textOf("write", { path: "a", count: "seven" })).toBe(
      'The arguments do not fit: at "/count": must be integer, got "seven".',
    );
    expect(await textOf("write", {})).toContain("must have required property 'path', got an object with nothing");
    expect(await textOf("write", { path: "a", extra: 1 })).toContain('("extra" is not known)');
    expect(await textOf("bare", { deep: { key: "AKIAIOSFODNN7EXAMPLE" } })).toContain(
      "/deep/key holds a secret (AWSKey)",
    );
    expect(await textOf("absent", {})).toContain("there is no approved definition yet");
    expect(hasArrived(door.arrived)).toBe(false);
    expect(await textOf("write", { path: "a", count: 7 })).toBe("done");
    expect(JSON.stringify(door.logged)).not.toContain("AKIA");
  });

  it("are let through and told of where the schema is in audit", async () => {
    const door = await openControlledDoor(app());
    await door.apply({ arguments: { schema: "Audit" } });
    expect((await door.post(call("write", {}))).text).toContain("done");
    expect(door.metrics()).toContain('outrigger_sidecar_would_deny_total{reason="arguments_invalid"} 1');
  });

  it.each([
    ["has a pattern that could take time without bound", { properties: { path: { pattern: "^(a+)+$" } } }],
    ["points elsewhere", { $ref: "https://example.com/schema.json" }],
    ["is none", "text"],
  ])("of a tool whose schema %s are refused, since nobody can check them", async (_name, inputSchema) => {
    const door = await openControlledDoor(app({ tools: [{ name: "write", inputSchema }] }));
    await door.apply({ arguments: { schema: "Enforce" } });
    expect((await door.post(call("write", { path: "a".repeat(40) }))).text).toContain("can't be checked");
    expect(hasArrived(door.arrived)).toBe(false);
  });
});

describe("results", () => {
  const secret = "AKIAIOSFODNN7EXAMPLE";
  const data = { user: { email: "a@b.c", note: `key ${secret}` } };
  const answerTo = (id: unknown): object => ({
    ...{ jsonrpc: "2.0", id },
    result: { content: [{ type: "text", text: JSON.stringify(data) }], structuredContent: data },
  });
  const event = (message: object): string => `id: 7\nevent: message\ndata: ${JSON.stringify(message)}\n\n`;
  const policy = { results: { redact: ["/user/email", "AWSKey"] } };
  const expectClean = (text: string): void => {
    expect(text).not.toContain(secret);
    expect(text).not.toContain("a@b.c");
    for (const { result } of messagesOf(text).filter(({ result: each }) => each !== undefined))
      expect(result).toMatchObject({ structuredContent: { user: { email: "[redacted]", note: "key [redacted]" } } });
  };

  it("F-136 have named fields and secret patterns replaced in JSON, batches, event streams and replays, before they leave the pod", async () => {
    const progress = { jsonrpc: "2.0", method: "notifications/message", params: { data: secret } };
    const door = await openControlledDoor({
      tools,
      answer: (body) => {
        if (Array.isArray(body)) return { text: JSON.stringify(body.map(({ id }: { id?: unknown }) => answerTo(id))) };
        const { id } = body as { id?: unknown };
        if (id === "stream") return { type: "text/event-stream", text: event(progress) + event(answerTo(id)) };
        if (id === "error")
          return { status: 400, text: JSON.stringify({ jsonrpc: "2.0", id, error: { code: 1, message: secret } }) };
        if (id === "html") return { status: 500, type: "text/html", text: `<p>${secret}` };
        if (id === "broken") return { text: `{"jsonrpc":"2.0","id":"broken","result":{"a":"${secret}"` };
        return { text: JSON.stringify(answerTo(id)) };
      },
      stream: () => event(answerTo(1)) + event(progress),
    });
    await door.apply(policy);
    expectClean((await door.post(call("read"))).text);
    expectClean(
      (await door.post([call("read", {}, 1), call("read", {}, 2)], { "mcp-protocol-version": "2025-03-26" })).text,
    );
    const streamed = (await door.post(call("read", {}, "stream"))).text;
    expectClean(streamed);
    expect(streamed).toContain("id: 7");
    expectClean(await door.get());
    expect(await door.get()).toContain('"data":"[redacted]"');
    expect((await door.post(call("read", {}, "error"))).text).toContain("[redacted]");
    // What can't be read is not let through.
    expect(await door.post(call("read", {}, "html"))).toEqual({ status: 500, text: "" });
    const broken = await door.post(call("read", {}, "broken"));
    expect([broken.status, broken.text.includes(secret)]).toEqual([502, false]);
    expect(door.metrics()).toMatch(/outrigger_sidecar_redacted_values_total [1-9]/);
  });

  it("that nobody asked to replace pass byte for byte", async () => {
    const text = ' {"jsonrpc":"2.0", "id":1,"result":{"content":[],"a":1,"a":2,"big":12345678901234567890}}';
    const door = await openControlledDoor(app({ answer: () => ({ text }) }));
    expect((await door.post(call("read"))).text).toBe(text);
  });

  it("that are too large are cut where policy says so, in JSON and in event streams, and refused elsewhere", async () => {
    const large = {
      content: [{ type: "text", text: "x".repeat(50_000) }],
      structuredContent: { list: Array(2_000).fill("y") },
    };
    const door = await openControlledDoor(
      app({
        answer: (body) => {
          const { id } = [body].flat()[0] ?? {};
          const message = JSON.stringify({ jsonrpc: "2.0", id, result: large });
          return id === "s" ? { type: "text/event-stream", text: `data: ${message}\n\n` } : { text: message };
        },
      }),
    );
    await door.apply({ sizes: { maxResponseBytes: "4Ki", onOversize: "Truncate" } });
    for (const id of [1, "s"]) {
      const { text } = await door.post(call("read", {}, id));
      expect(text.length).toBeLessThanOrEqual(4_200);
      expect(messagesOf(text)[0]).toMatchObject({
        id,
        result: { _meta: { "outrigger.dev/truncated": { maxBytes: 4_096 } } },
      });
      expect(text).toContain("The answer was cut");
    }
    expect(door.metrics()).toContain("outrigger_sidecar_truncated_total 2");
    await door.apply({ sizes: { maxResponseBytes: "4Ki" } });
    expect((await door.post(call("read"))).text).toContain("ResponseTooLarge");
  });
});

describe("bounds of single tools", () => {
  it("hold for a request, its arguments and its answer, and for no other tool", async () => {
    const text = "x".repeat(3_000);
    const door = await openControlledDoor(
      app({
        answer: (body) => {
          const { id } = [body].flat()[0] ?? {};
          return { text: JSON.stringify({ jsonrpc: "2.0", id, result: { content: [{ type: "text", text }] } }) };
        },
      }),
    );
    const small = { maxRequestBytes: "1Ki", maxResponseBytes: "2Ki", maxDepth: 2, maxEntries: 3 };
    await door.apply({ sizes: { onOversize: "Truncate", perTool: [{ tools: ["wri*"], ...small }] } });
    const large = { path: "p".repeat(2_000) };
    expect((await door.post(call("write", large))).status).toBe(413);
    expect((await door.post(call("write", { list: [1, 2, 3, 4] }))).text).toContain("has 4 entries, 3 are allowed");
    expect((await door.post(call("write", { a: { b: {} } }))).text).toContain("nests deeper than the 2 levels");
    expect(hasArrived(door.arrived)).toBe(false);
    const cut = await door.post(call("write"));
    expect(cut.text.length).toBeLessThanOrEqual(2_048);
    expect(messagesOf(cut.text)[0]).toMatchObject({
      result: { _meta: { "outrigger.dev/truncated": { maxBytes: 2_048 } } },
    });
    expect((await door.post(call("read", large))).text).toContain(text);
    await door.apply({ sizes: { perTool: [{ tools: ["write"], ...small }] } });
    expect((await door.post(call("write"))).text).toContain("ResponseTooLarge");
  });
});

describe("a layer in audit mode", () => {
  it("blocks nothing and counts what it would have denied, by reason", async () => {
    const door = await openControlledDoor(app());
    await door.apply({
      mode: "Audit",
      tools: { deny: ["write"] },
      arguments: { deny: ["AWSKey"] },
      limits: [{ name: "l", rate: "1/h" }],
    });
    expect(namesIn((await door.post(request("tools/list"))).text)).toEqual(["read", "write", "bare"]);
    expect((await door.post(call("write"))).text).toContain("done");
    expect((await door.post(call("read", { k: "AKIAIOSFODNN7EXAMPLE" }))).text).toContain("done");
    expect((await door.post(call("read"))).text).toContain("done");
    expect((await door.post(call("read"))).text).toContain("done");
    const counted = (reason: string): string => `outrigger_sidecar_would_deny_total{reason="${reason}"} 1`;
    for (const reason of ["tool_denied", "arguments_secret", "rate_limited"])
      expect(door.metrics()).toContain(counted(reason));
    expect(door.logged.filter(({ msg }) => msg === "would deny")).toHaveLength(3);
    expect(JSON.stringify(door.logged)).not.toContain("AKIA");
  });
});
