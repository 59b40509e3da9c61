import { describe, expect, it } from "vitest";
import { readReview } from "./read-review.ts";

const token = (claims: object): string => `x.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.x`;
const asked = { token: token({ exp: 1_000 }), audience: "outrigger", nowMs: 100_000 };
const user = {
  username: "system:serviceaccount:tools:agent",
  groups: ["system:serviceaccounts", "system:serviceaccounts:tools"],
  extra: { "authentication.kubernetes.io/pod-name": ["agent-1"] },
};
const right = { authenticated: true, audiences: ["outrigger"], user };

describe("F-150 the answer to a TokenReview", () => {
  it("names the ServiceAccount, and is remembered for a minute, never beyond the token's end", () => {
    expect(readReview({ status: right }, asked)).toEqual({
      ok: true,
      principal: {
        ...{ kind: "ServiceAccount", name: "tools/agent", groups: user.groups },
        claims: { namespace: "tools", serviceAccount: "agent", pod: "agent-1" },
      },
      untilMs: 160_000,
    });
    expect(readReview({ status: right }, { ...asked, token: token({ exp: 107 }) })).toMatchObject({ untilMs: 107_000 });
    for (const text of ["x", "x.y.z", token({}), token({ exp: "1000" })])
      expect(readReview({ status: right }, { ...asked, token: text }), text).toMatchObject({ untilMs: 0 });
  });

  it.each([
    ["nothing", {}],
    ["that it is none", { status: { ...right, authenticated: false } }],
    ["nothing of audiences, as a server that does not look at them", { status: { authenticated: true, user } }],
    ["another audience", { status: { ...right, audiences: ["https://kubernetes.default.svc"] } }],
    ["a user who is no ServiceAccount", { status: { ...right, user: { username: "system:admin" } } }],
    ["a name that only looks like one", { status: { ...right, user: { username: "system:serviceaccount:a:b:c" } } }],
    ["nobody", { status: { ...right, user: {} } }],
  ])("lets nobody in where it says %s", (_name, review) => {
    expect(readReview(review, asked)).toMatchObject({ ok: false, problem: "invalid" });
  });
});
