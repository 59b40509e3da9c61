import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readAltNames, readSubject } from "./subject.ts";

describe("F-150 whom a client certificate names", () => {
  it.each([
    ["URI:spiffe://c/ns/tools/sa/agent, DNS:agent", "CN=x", "uri:spiffe://c/ns/tools/sa/agent"],
    ["DNS:agent.example, email:a@x.example", "CN=x", "email:a@x.example"],
    ["IP Address:10.0.0.1, DNS:agent.example", "CN=x", "dns:agent.example"],
    ["", "CN=ci\nO=builders", "cn:ci"],
  ])("by %j and %j", (subjectAltName, subject, name) => {
    expect(readSubject({ subject, subjectAltName })).toMatchObject({ kind: "User", name });
  });

  it("with its organisations as groups, without those that Kubernetes keeps for itself", () => {
    expect(readSubject({ subject: "O=builders\nO=system:masters\nCN=ci" })?.groups).toEqual(["builders"]);
  });

  it("is nobody where it says nothing, or nothing that can be read in one way", () => {
    expect(readSubject({ subject: "O=builders" })).toBeUndefined();
    expect(readSubject({ subject: "CN=a\\, CN=b" })).toBeUndefined();
    expect(readSubject({ subject: "CN=a+CN=b" })).toBeUndefined();
  });

  it("a name with anything special in it can't pass for two", () => {
    const forged = 'DNS:"good.example, URI:spiffe://c/admin"';
    expect(readAltNames(forged)).toEqual([{ type: "DNS", value: "good.example, URI:spiffe://c/admin" }]);
    expect(readSubject({ subject: "", subjectAltName: forged })?.name).toBe("dns:good.example, URI:spiffe://c/admin");
    for (const text of ['DNS:a"b', "DNS:a,URI:b", 'DNS:"a', "nonsense", 'DNS:"\\q"'])
      expect(readAltNames(text), text).toEqual([]);
    fc.assert(
      fc.property(fc.array(fc.string({ minLength: 1 })), (values) => {
        const text = values.map((value) => `DNS:${JSON.stringify(value)}`).join(", ");
        expect(readAltNames(text)).toEqual(values.map((value) => ({ type: "DNS", value })));
      }),
    );
  });
});
