/** What a person is told who applies a workload or labels a namespace: warnings over TLS, and never a refusal. */
import { resources } from "@outrigger/kube";
import { entries } from "@outrigger/webhook/inject";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { readRegistration, registrationKinds } from "../../operator/src/cluster/own-objects.ts";
import { validatingEntries } from "../../webhook/src/validate/registration.ts";
import { makeTestFolder, nameFileFolder } from "../fixtures/temporary-folder.ts";
import { getAdmin, plainPod, post, reviewOf, startWebhook, type WebhookProcess } from "./webhook-process.ts";

interface Response {
  readonly uid: string;
  readonly allowed: boolean;
  readonly warnings?: readonly string[];
  readonly auditAnnotations: Readonly<Record<string, string>>;
}

const folder = nameFileFolder("webhook");
let webhook: WebhookProcess;
beforeAll(async () => {
  webhook = await startWebhook(folder);
});
afterAll(() => webhook.stop());

const deployment = (annotations: object = {}, metadata: object = {}): object => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "search", namespace: "tools", ...metadata },
  spec: {
    template: { metadata: { labels: plainPod.metadata.labels, annotations }, spec: plainPod.spec },
  },
});
const kind = { group: "apps", version: "v1", kind: "Deployment" };

async function ask(path: string, object: unknown, change: object = {}, at = webhook): Promise<Response> {
  const answer = await post(at, path, reviewOf(object, { kind, ...change }));
  expect(answer.status).toBe(200);
  const { response } = JSON.parse(answer.body) as { response: Response };
  expect(Object.keys(response).sort()).toEqual(
    ["allowed", "auditAnnotations", "uid", ...(response.warnings === undefined ? [] : ["warnings"])].sort(),
  );
  return response;
}

const wrong = { "outrigger.dev/rate-limit": "60/sec", "outrigger.dev/port": "http" };

describe("workloads", () => {
  it("F-021 that will be refused are told every problem when they are applied, and are let through", async () => {
    const response = await ask("/validate/pod", deployment(wrong), { uid: "told" });
    expect(response).toMatchObject({
      uid: "told",
      allowed: true,
      auditAnnotations: { decision: "deny", reason: "InvalidAnnotation" },
    });
    expect(response.warnings?.[0]).toBe('Outrigger will refuse the pods of Deployment "search" for 2 problems:');
    expect(response.warnings?.join("\n")).toMatch(/rate-limit="60\/sec": expected .*\[InvalidAnnotation\]/);
    expect(response.warnings?.join("\n")).toMatch(/\[PortNotFound\]/);
  });

  it("that are right are told nothing, in a dry run as else, and no patch is made", async () => {
    for (const dryRun of [false, true])
      expect(await ask("/validate/pod", deployment(), { dryRun })).toMatchObject({
        allowed: true,
        auditAnnotations: { decision: "inject", reason: "Injected" },
      });
  });

  it("are told the same again only when something of it has changed", async () => {
    const object = deployment(wrong);
    const update = { operation: "UPDATE", oldObject: deployment(wrong) };
    expect((await ask("/validate/pod", object, update)).warnings).toBeUndefined();
    expect((await ask("/validate/pod", object, { ...update, oldObject: deployment() })).warnings).toHaveLength(3);
  });

  it("F-019 whose opt-out will be refused are told so on the enforced path alone", async () => {
    const template = { metadata: { labels: { "outrigger.dev/inject": "disabled" } }, spec: plainPod.spec };
    const object = { ...deployment(), spec: { template } };
    const { warnings } = await ask("/validate/enforced", object);
    expect(warnings?.slice(1).join("")).toMatch(/enforce=required, so remove the label {2}\[OptOutRefused\]$/);
    expect((await ask("/validate/namespace", object)).warnings).toBeUndefined();
  });

  it("are decided with the annotations of their namespace", async () => {
    const own = makeTestFolder("webhook");
    const args = ["--namespace-annotations", JSON.stringify({ "outrigger.dev/rate-limit": "often" })];
    const other = await startWebhook(own, args);
    const { warnings } = await ask("/validate/pod", deployment(), {}, other).finally(() => other.stop());
    expect(warnings?.[1]).toMatch(/^namespace annotation outrigger\.dev\/rate-limit="often": expected /);
  });

  it.each([
    ["no object", null, {}],
    ["another kind", { apiVersion: "v1", kind: "Service" }, {}],
    ["a list in the place of an object", [], {}],
    ["a template that is none", { apiVersion: "apps/v1", kind: "Deployment", spec: { template: 7 } }, {}],
    ["a deletion", null, { operation: "DELETE", oldObject: deployment(wrong) }],
    ["a subresource", deployment(wrong), { subResource: "scale" }],
    ["an unknown operation", deployment(wrong), { operation: "RENAME" }],
    ["no namespace", deployment(wrong), { namespace: undefined }],
  ])("are never refused: %s", async (_name, object, change) => {
    for (const { path } of validatingEntries) expect((await ask(path, object, change)).allowed).toBe(true);
  });
});

describe("namespaces", () => {
  it("F-021 are told which of their annotations will have pods refused, and which nobody reads", async () => {
    const object = {
      ...{ apiVersion: "v1", kind: "Namespace" },
      metadata: { name: "tools", annotations: { "outrigger.dev/rate-limit": "often", "outrigger.dev/port": "80" } },
    };
    const { allowed, warnings } = await ask("/validate/settings", object, { namespace: "tools" });
    expect(allowed).toBe(true);
    expect(warnings).toEqual([
      'Outrigger will refuse pods in namespace "tools" for 1 problem of its annotations:',
      expect.stringMatching(/^outrigger\.dev\/rate-limit="often": expected .* \[InvalidAnnotation\]$/),
      "outrigger.dev/port is read on pod alone [UnknownAnnotation]",
    ]);
  });
});

describe("the configuration", () => {
  it("has entries that the operator takes for ours, of both kinds", () => {
    const webhooks = [...entries, ...validatingEntries].map(({ name }) => ({ name }));
    const { validatingWebhookConfigurations: resource } = resources;
    expect(registrationKinds).toContain(resource);
    const facts = readRegistration(resource, { webhooks: [{ name: "theirs.example.com" }, ...webhooks] });
    expect(facts.entries.map(({ name }) => name)).toEqual(webhooks.map(({ name }) => name));
  });
});

describe("reasons", () => {
  it("of what was told stand in audit annotation, metric and log", async () => {
    const sample = 'outrigger_webhook_workload_checks_total{action="deny",reason="invalid_annotation"}';
    const count = async (): Promise<number> => {
      const { body } = await getAdmin(webhook, "/metrics");
      return Number(
        body
          .split("\n")
          .find((line) => line.startsWith(`${sample} `))
          ?.split(" ")[1],
      );
    };
    const before = await count();
    const { auditAnnotations } = await ask("/validate/pod", deployment(wrong), { uid: "counted" });
    expect(auditAnnotations).toMatchObject({ decision: "deny", reason: "InvalidAnnotation" });
    expect(await count()).toBe(before + 1);
    const line = await vi.waitFor(
      () => webhook.logs().find(({ requestId }) => requestId === "counted") ?? expect.fail(),
    );
    expect(line).toMatchObject({
      ...{ msg: "workload checked", kind: "Deployment", name: "search", namespace: "tools", scope: "pod" },
      ...{ action: "deny", reason: "InvalidAnnotation", warnings: 3 },
    });
    expect((await getAdmin(webhook, "/metrics")).body).toContain('requests_total{scope="workload",result="answered"}');
  });
});
