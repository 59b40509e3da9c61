import { describe, expect, it } from "vitest";
import { findMethod, methods, type MethodInfo } from "./methods.ts";

const having = (test: (info: MethodInfo) => boolean) => [...methods.values()].filter(test).map((info) => info.method);

describe("the method table", () => {
  it("names what each method acts on, so that nothing with a target is decided without one", () => {
    const bySubject = (subject: MethodInfo["subject"]) => having((info) => info.subject === subject);
    expect(bySubject("tool")).toEqual(["tools/call"]);
    expect(bySubject("prompt")).toEqual(["prompts/get"]);
    expect(bySubject("resource")).toEqual(["resources/read", "resources/subscribe", "resources/unsubscribe"]);
    expect(bySubject("ref")).toEqual(["completion/complete"]);
    expect(bySubject("task")).toEqual(["tasks/get", "tasks/cancel", "tasks/update", "tasks/result"]);
    expect(bySubject("listen")).toEqual(["subscriptions/listen"]);
  });

  it("names the four lists that are filtered, and the requests whose target a header repeats", () => {
    expect(having((info) => info.list !== undefined)).toEqual([
      "tools/list",
      "prompts/list",
      "resources/list",
      "resources/templates/list",
    ]);
    expect(findMethod("resources/templates/list")?.list).toBe("resourceTemplates");
    expect(
      Object.fromEntries([...methods].flatMap(([name, info]) => (info.nameHeader ? [[name, info.nameHeader]] : []))),
    ).toEqual({
      "tools/call": "name",
      "prompts/get": "name",
      "resources/read": "uri",
      "tasks/get": "taskId",
      "tasks/cancel": "taskId",
      "tasks/update": "taskId",
    });
  });

  it("counts calls, prompts, reads and completions against limits, and nothing else", () => {
    expect(having((info) => info.cost === "call")).toEqual([
      "tools/call",
      "prompts/get",
      "resources/read",
      "completion/complete",
    ]);
  });

  it("keeps the eras apart where the protocol does", () => {
    const only = (era: string) =>
      having((info) => info.eras.length === 1 && info.eras[0] === era && info.form === "request");
    expect(only("modern")).toEqual(["server/discover", "subscriptions/listen", "tasks/update"]);
    expect(only("legacy")).toContain("initialize");
    expect(only("legacy")).toContain("ping");
    expect(findMethod("sampling/createMessage")?.direction).toBe("server-to-client");
    expect(findMethod("notifications/progress")).toMatchObject({ form: "notification", subject: "none", cost: "free" });
  });

  it("knows nothing of names that every object has, nor of other cases", () => {
    for (const name of ["constructor", "__proto__", "Tools/Call", "tools/call ", ""])
      expect(findMethod(name)).toBeUndefined();
  });
});
