import { expect, it } from "vitest";
import { apiVersionOf, pathOf, resources } from "./resource.ts";

it("builds the paths of sets, objects and subresources", () => {
  expect(pathOf(resources.pods)).toBe("/api/v1/pods");
  expect(pathOf(resources.pods, { namespace: "a", name: "b", subresource: "status" })).toBe(
    "/api/v1/namespaces/a/pods/b/status",
  );
  expect(pathOf(resources.networkPolicies, { namespace: "a" })).toBe(
    "/apis/networking.k8s.io/v1/namespaces/a/networkpolicies",
  );
  expect(pathOf(resources.namespaces, { name: "a" })).toBe("/api/v1/namespaces/a");
});

it("lets no name break out of its place", () => {
  expect(pathOf(resources.pods, { namespace: "../x", name: "a/b?c" })).toBe("/api/v1/namespaces/..%2Fx/pods/a%2Fb%3Fc");
});

it("names versions as objects do", () => {
  expect([apiVersionOf(resources.pods), apiVersionOf(resources.leases)]).toEqual(["v1", "coordination.k8s.io/v1"]);
});
