/** The webhook as an API server meets it: reviews over TLS, answers, audit annotations, metrics and log. */
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import jsonPatch, { type Operation } from "fast-json-patch";
import { parse } from "yaml";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { toMetricLabel, reasonList } from "@outrigger/api/reasons";
import { parseQuickPolicy } from "@outrigger/policy";
import { makeTestFolder, nameFileFolder } from "../fixtures/temporary-folder.ts";
import {
  getAdmin,
  plainPod,
  post,
  reviewOf,
  runToEnd,
  startWebhook,
  type Answer,
  type WebhookProcess,
} from "./webhook-process.ts";

interface Review {
  readonly apiVersion: string;
  readonly kind: string;
  readonly response: {
    readonly uid: string;
    readonly allowed: boolean;
    readonly patchType?: string;
    readonly patch?: string;
    readonly status?: { readonly code: number; readonly reason: string; readonly message: string };
    readonly warnings?: readonly string[];
    readonly auditAnnotations: Readonly<Record<string, string>>;
  };
}

const ownFolder = nameFileFolder("webhook");
let webhook: WebhookProcess;
beforeAll(async () => {
  webhook = await startWebhook(ownFolder);
});
afterAll(() => webhook.stop());

// What the tests then check member by member.
const read = (answer: Answer): Review => JSON.parse(answer.body) as Review;
const patchOf = ({ response }: Review): Operation[] =>
  JSON.parse(Buffer.from(response.patch ?? "", "base64").toString("utf8")) as Operation[];
const withLabels = (labels: object, spec: object = plainPod.spec): object => ({
  ...plainPod,
  metadata: { ...plainPod.metadata, labels },
  spec,
});
const disabled = withLabels({ "outrigger.dev/inject": "disabled" });

describe("reviews", () => {
  it("F-018 answers a labelled pod with a patch that puts the sidecar in", async () => {
    const answer = await post(webhook, "/mutate/pod", reviewOf(plainPod));
    const review = read(answer);
    expect(answer.status).toBe(200);
    expect(review).toMatchObject({
      apiVersion: "admission.k8s.io/v1",
      kind: "AdmissionReview",
      response: {
        uid: "0f7c1c9e-0d5c-4d5e-8a53-000000000001",
        allowed: true,
        patchType: "JSONPatch",
        auditAnnotations: { decision: "inject", reason: "Injected" },
      },
    });
    const patched = jsonPatch.applyPatch(structuredClone(plainPod), patchOf(review), true).newDocument;
    expect(patched).toMatchObject({
      metadata: { labels: { "outrigger.dev/injected": "true", "outrigger.dev/server": "search" } },
      spec: { initContainers: [{ name: "outrigger-sidecar", restartPolicy: "Always" }] },
    });
    const again = read(await post(webhook, "/mutate/pod", reviewOf(patched)));
    expect(again.response.auditAnnotations["reason"]).toBe("AlreadyInjected");
    expect(again.response).not.toHaveProperty("patch");
    expect(again.response).not.toHaveProperty("patchType");
  });

  it("answers a dry run exactly as a real one", async () => {
    const [real, dry] = await Promise.all(
      [false, true].map((dryRun) => post(webhook, "/mutate/pod", reviewOf(plainPod, { dryRun }))),
    );
    expect(dry?.body).toBe(real?.body);
  });

  it("refuses an opt-out on the enforced path only, with the reason everywhere", async () => {
    const refused = read(await post(webhook, "/mutate/enforced", reviewOf(disabled)));
    expect(refused.response).toMatchObject({ allowed: false, status: { code: 403, reason: "OptOutRefused" } });
    for (const path of ["/mutate/namespace", "/mutate/pod", "/mutate"]) {
      const skipped = read(await post(webhook, path, reviewOf(disabled)));
      expect(skipped.response).toMatchObject({
        allowed: true,
        auditAnnotations: { decision: "skip", reason: "OptedOut" },
      });
      expect(skipped.response.warnings?.[0]).toContain("[OptedOut]");
    }
  });

  it("takes /mutate for the path of labelled pods", async () => {
    const unlabelled = read(await post(webhook, "/mutate", reviewOf(withLabels({}))));
    const onNamespace = read(await post(webhook, "/mutate/namespace", reviewOf(withLabels({}))));
    expect(unlabelled.response.auditAnnotations["reason"]).toBe("NotOptedIn");
    expect(onNamespace.response.auditAnnotations["reason"]).toBe("Injected");
  });

  it("names all problems of a pod in one denial", async () => {
    const spec = { hostNetwork: true, containers: [{ name: "app" }, { name: "outrigger-x" }] };
    const { response } = read(await post(webhook, "/mutate/pod", reviewOf(withLabels(plainPod.metadata.labels, spec))));
    expect(response.status?.code).toBe(422);
    for (const reason of ["HostNetwork", "ReservedName", "AmbiguousContainer"])
      expect(response.status?.message).toContain(`[${reason}]`);
    expect(response.status?.message).toMatch(/^3 problems in pod "search-\.\.\.": \(1\) /);
  });

  it("keeps warnings within 120 characters", async () => {
    const annotations = Object.fromEntries(
      Array.from({ length: 5 }, (_, index) => [`outrigger.dev/${"very-".repeat(20)}${index}`, "x"]),
    );
    const pod = { ...plainPod, metadata: { ...plainPod.metadata, annotations } };
    const { warnings } = read(await post(webhook, "/mutate/pod", reviewOf(pod))).response;
    expect(warnings).toHaveLength(5);
    for (const warning of warnings ?? []) expect(warning.length).toBeLessThanOrEqual(120);
  });

  it("answers in the version that was asked in", async () => {
    const body = reviewOf(plainPod).replace("admission.k8s.io/v1", "admission.k8s.io/v1beta1");
    expect(read(await post(webhook, "/mutate/pod", body)).apiVersion).toBe("admission.k8s.io/v1beta1");
  });

  it("hands the sidecar what a namespace narrows in a form that the policy engine reads", async () => {
    const annotations = { "outrigger.dev/allow-tools": "read_*,$(HOME)", "outrigger.dev/rate-limit": "60/m" };
    const args = ["--namespace-annotations", JSON.stringify(annotations)];
    const other = await startWebhook(makeTestFolder("webhook"), args);
    const patch = await post(other, "/mutate/pod", reviewOf(plainPod))
      .then((answer) => patchOf(read(answer)))
      .finally(() => other.stop());
    const sidecar = patch.find((operation) => operation.path === "/spec/initContainers/0");
    const env = (sidecar as { readonly value: { readonly env: readonly { name: string; value: string }[] } }).value.env;
    const text = env.find((variable) => variable.name === "OUTRIGGER_QUICK_POLICY")?.value ?? "";
    // The kubelet turns $$ into $.
    const quick = parseQuickPolicy(JSON.parse(text.replaceAll("$$", "$")) as unknown);
    expect(quick).toMatchObject({ ok: true });
    expect(JSON.stringify(quick)).toContain("$(HOME)");
  });
});

describe("reasons", () => {
  const asked: readonly (readonly [path: string, pod: object, action: string, reason: string])[] = [
    ["/mutate/pod", plainPod, "inject", "Injected"],
    ["/mutate/namespace", disabled, "skip", "OptedOut"],
    ["/mutate/enforced", disabled, "deny", "OptOutRefused"],
    ["/mutate/pod", withLabels({ "outrigger.dev/inject": "yes" }), "deny", "InvalidInjectValue"],
    ["/mutate/pod", withLabels(plainPod.metadata.labels, { containers: [{ name: "app" }] }), "deny", "NoPort"],
  ];

  it.each(asked)(
    "F-224 %s: the reason is the same word in response, audit annotation, metric and log",
    async (...row) => {
      const [path, pod, action, reason] = row;
      const uid = `f224-${action}-${reason}`;
      const sample = `outrigger_webhook_injections_total{action="${action}",reason="${toMetricLabel(reason as "Injected")}"}`;
      const count = async (): Promise<number> =>
        Number(
          (await getAdmin(webhook, "/metrics")).body
            .split("\n")
            .find((line) => line.startsWith(`${sample} `))
            ?.split(" ")[1],
        );
      const before = await count();
      const { response } = read(await post(webhook, path, reviewOf(pod, { uid })));
      expect(reasonList).toContain(reason);
      expect(response.auditAnnotations).toMatchObject({ decision: action, reason });
      if (action === "deny") {
        expect(response.status?.reason).toBe(reason);
        expect(response.status?.message).toContain(`[${reason}]`);
      }
      expect(await count()).toBe(before + 1);
      const line = await vi.waitFor(() => {
        const found = webhook.logs().find((each) => each["requestId"] === uid);
        expect(found).toBeDefined();
        return found;
      });
      expect(line).toMatchObject({ action, reason, namespace: "tools", pod: "search-" });
    },
  );

  it("never writes a pod's variables to the log", async () => {
    const container = { ...plainPod.spec.containers[0], env: [{ name: "TOKEN", value: "hunter2" }] };
    const pod = withLabels(plainPod.metadata.labels, { containers: [container] });
    await post(webhook, "/mutate/pod", reviewOf(pod, { uid: "secret" }));
    await vi.waitFor(() => expect(JSON.stringify(webhook.logs())).toContain('"secret"'));
    expect(JSON.stringify(webhook.logs())).not.toContain("hunter2");
  });
});

describe("golden cases", () => {
  const root = fileURLToPath(new URL("../../webhook/src/inject/testdata", import.meta.url));

  it("F-020 come out of the webhook as they come out of the pure function", async () => {
    // Cases with settings of their own need a webhook of their own; those are the pure function's.
    const shared = readdirSync(root).filter((name) => {
      const settings = JSON.parse(readFileSync(join(root, name, "config.json"), "utf8")) as object;
      const ofItsOwn = ["config", "namespaceAnnotations", "namespaceUnknown", "installation", "trustUnknown"];
      return !Object.keys(settings).some((key) => ofItsOwn.includes(key));
    });
    expect(shared.length).toBeGreaterThan(50);
    for (const name of shared) await compareCase(join(root, name));
  });

  async function compareCase(folder: string): Promise<void> {
    // Written by the golden tests, in the forms that they check.
    const settings = JSON.parse(readFileSync(join(folder, "config.json"), "utf8")) as {
      scope: string;
      userGroups?: string[];
    };
    const expected = JSON.parse(readFileSync(join(folder, "expected.json"), "utf8")) as {
      action: string;
      reason: string;
      message?: string;
      patch?: unknown;
    };
    const { scope, userGroups, ...request } = settings;
    const change = { ...request, userInfo: { groups: userGroups ?? [] } };
    const pod: unknown = parse(readFileSync(join(folder, "input.yaml"), "utf8"));
    const review = read(await post(webhook, `/mutate/${scope}`, reviewOf(pod, change)));
    expect(review.response.auditAnnotations, folder).toMatchObject({
      decision: expected.action,
      reason: expected.reason,
    });
    expect(review.response.status?.message, folder).toBe(expected.message);
    if (expected.patch !== undefined) expect(patchOf(review), folder).toEqual(expected.patch);
  }
});

describe("inputs from files", () => {
  it("refuses pods of a namespace that it does not know, and narrows by the annotations of one that it knows", async () => {
    const folder = makeTestFolder("webhook");
    const file = join(folder, "namespaces.json");
    const listOf = (annotations: object): string =>
      JSON.stringify({ items: [{ metadata: { name: "tools", annotations } }] });
    writeFileSync(file, listOf({ "outrigger.dev/deny-tools": "delete_*" }));
    const other = await startWebhook(folder, ["--namespaces", file]);
    try {
      const unknown = read(await post(other, "/mutate/pod", reviewOf(plainPod, { namespace: "elsewhere" })));
      expect(unknown.response.status).toMatchObject({ code: 503, reason: "NamespaceNotSynced" });
      const skipped = read(await post(other, "/mutate/pod", reviewOf(plainPod, { namespace: "kube-system" })));
      expect(skipped.response.auditAnnotations["reason"]).toBe("SystemNamespace");
      const patchText = async (): Promise<string> =>
        JSON.stringify(patchOf(read(await post(other, "/mutate/pod", reviewOf(plainPod)))));
      expect(await patchText()).toContain("delete_*");
      writeFileSync(file, listOf({ "outrigger.dev/deny-tools": "drop_*" }));
      await vi.waitFor(async () => expect(await patchText()).toContain("drop_*"), { timeout: 20_000 });
      writeFileSync(file, "{");
      await vi.waitFor(
        () => expect(other.logs().map((line) => line["msg"])).toContain("not taken: the last good one stays"),
        { timeout: 20_000 },
      );
      expect(await patchText()).toContain("drop_*");
    } finally {
      await other.stop();
    }
  });

  it("takes a new configuration while it runs, and keeps the last good one", async () => {
    const folder = makeTestFolder("webhook");
    const file = join(folder, "config.json");
    writeFileSync(file, JSON.stringify({ image: "registry.example.com/sidecar:1" }));
    const other = await startWebhook(folder, ["--config", file]);
    try {
      const review = async (): Promise<Review> => read(await post(other, "/mutate/pod", reviewOf(plainPod)));
      const imageOf = async (): Promise<string> =>
        /registry\.example\.com\/sidecar:\d/.exec(JSON.stringify(patchOf(await review())))?.[0] ?? "";
      const firstHash = (await review()).response.auditAnnotations["configHash"];
      expect(await imageOf()).toBe("registry.example.com/sidecar:1");
      writeFileSync(file, JSON.stringify({ image: "registry.example.com/sidecar:2" }));
      await vi.waitFor(async () => expect(await imageOf()).toBe("registry.example.com/sidecar:2"), { timeout: 20_000 });
      expect((await review()).response.auditAnnotations["configHash"]).not.toBe(firstHash);
      writeFileSync(file, JSON.stringify({ image: "" }));
      const refused = 'outrigger_webhook_reloads_total{subject="config",result="refused"} 1';
      await vi.waitFor(async () => expect((await getAdmin(other, "/metrics")).body).toContain(refused), {
        timeout: 20_000,
      });
      expect(await imageOf()).toBe("registry.example.com/sidecar:2");
    } finally {
      await other.stop();
    }
  });
});

describe("start and stop", () => {
  it("names every problem of its settings and ends with 2", async () => {
    const { code, stderr } = await runToEnd(["--listen", "nowhere", "--certificates", "none", "--colour", "red"]);
    expect(code).toBe(2);
    for (const problem of ["--listen", "--certificates", "--colour"]) expect(stderr).toContain(problem);
  });

  it("names every problem of its files and ends with 2", async () => {
    const folder = makeTestFolder("webhook");
    const file = join(folder, "config.json");
    writeFileSync(file, JSON.stringify({ image: "", colour: "red" }));
    const args = [
      "--config",
      file,
      "--namespaces",
      join(folder, "none"),
      "--certificates",
      "files",
      "--certificate-folder",
      folder,
    ];
    const { code, stderr } = await runToEnd(args);
    expect(code).toBe(2);
    for (const problem of ["image: expected", "colour: expected", "ENOENT", "--certificate-folder"])
      expect(stderr).toContain(problem);
  });

  it("ends with 3 where its port is taken", async () => {
    const { code, stderr } = await runToEnd(["--listen", `127.0.0.1:${webhook.tlsPort}`, "--admin", "127.0.0.1:0"]);
    expect(code).toBe(3);
    expect(stderr).toContain("OUTRIGGER_ERR_PORT_TAKEN");
  });

  it("is unready before it stops listening, and ends with 0", async () => {
    const other = await startWebhook(makeTestFolder("webhook"), ["--shutdown-delay", "1500ms"]);
    try {
      expect((await getAdmin(other, "/readyz")).status).toBe(200);
      other.signal("SIGTERM");
      await vi.waitFor(async () => expect((await getAdmin(other, "/readyz")).status).toBe(503), { timeout: 1_400 });
      expect((await getAdmin(other, "/livez")).status).toBe(200);
      expect((await post(other, "/mutate/pod", reviewOf(plainPod))).status).toBe(200);
      expect(await other.ended).toBe(0);
    } finally {
      await other.stop();
    }
  });
});
