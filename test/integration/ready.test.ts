/** What each component says of its readiness, on a port of its own, while something that it depends on is missing, and after. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { resources } from "@outrigger/kube";
import { createAuthority, issueLeaf } from "@outrigger/certs";
import { generateKeyPair } from "@outrigger/runtime/jws";
import { afterEach, expect, it } from "vitest";
import { startAggregatorProgram } from "../fixtures/aggregator.ts";
import { startFakeKube, type FakeKube } from "../fixtures/fake-kube/server.ts";
import { startFakeControl } from "../fixtures/fake-sidecar/control.ts";
import { makeTool } from "../fixtures/fake-sidecar/sidecar.ts";
import { makePolicy, ownNamespace, startOperatorProgram } from "../fixtures/operator.ts";
import { makeTestFolder } from "../fixtures/temporary-folder.ts";
import { waitFor } from "../fixtures/wait-for.ts";
import { startBed } from "./telemetry-bed.ts";
import { startWebhook } from "./webhook-process.ts";

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** A component with something missing: what readiness has to say, and how the missing thing comes. */
interface Lacking {
  readonly adminUrl: string;
  readonly check: string;
  readonly says: string;
  /** Absent where the component serves all the same, to tell its callers. */
  readonly mend?: () => void;
}

async function openKube(): Promise<FakeKube> {
  const kube = await startFakeKube();
  ends.push(() => kube.close());
  return kube;
}

const components: Readonly<Record<string, () => Promise<Lacking>>> = {
  "the sidecar, without its server": async () => {
    const { adminUrl } = await startBed([], {}, [process.execPath, "-e", "process.exit(3)"]);
    return { adminUrl, check: "upstream", says: "ProcessExited" };
  },
  "the aggregator, without what a sidecar lists": async () => {
    const control = await startFakeControl("waiting");
    ends.push(() => control.close());
    const entry = { url: "http://127.0.0.1:1/mcp", outrigger: { control: control.url } };
    const aggregator = await startAggregatorProgram({ waiting: entry });
    ends.push(() => aggregator.close());
    return {
      adminUrl: aggregator.adminUrl,
      check: "catalogue",
      says: "Servers are still being read",
      mend: () => control.list([makeTool("echo")]),
    };
  },
  "the operator, without a policy": async () => {
    const kube = await openKube();
    const { adminUrl, close } = await startOperatorProgram(kube, "outrigger-policy");
    ends.push(close);
    return { adminUrl, check: "policy", says: "There is no policy", mend: () => void makePolicy(kube, "{}") };
  },
  "the webhook, without keys to trust": async () => {
    const kube = await openKube();
    const { publicJwk } = await generateKeyPair();
    const folder = makeTestFolder("ready-webhook");
    const made = { nowMs: Date.now(), lifetimeMs: 3_600_000, keyBits: 2048 };
    const authority = await createAuthority({ commonName: "Given", ...made });
    const pair = await issueLeaf(authority, { names: ["localhost"], ...made });
    writeFileSync(join(folder, "tls.crt"), pair.certificatePem);
    writeFileSync(join(folder, "tls.key"), pair.privateKeyPem);
    const files = ["--certificates", "files", "--certificate-folder", folder];
    const webhook = await startWebhook(folder, ["--kube", kube.url, "--namespace", ownNamespace, ...files]);
    ends.push(() => webhook.stop());
    return {
      adminUrl: `http://127.0.0.1:${webhook.adminPort}`,
      check: "trustKeys",
      says: "outrigger-trust",
      mend: () =>
        void kube.store.of(resources.configMaps).set({
          metadata: { name: "outrigger-trust", namespace: ownNamespace },
          data: { "jwks.json": JSON.stringify({ keys: [publicJwk] }) },
        }),
    };
  },
};

interface Ready {
  readonly status: number;
  readonly checks: readonly { readonly name: string; readonly ok: boolean; readonly message: string }[];
}

async function readReady(adminUrl: string): Promise<Ready> {
  const response = await fetch(`${adminUrl}/readyz?verbose`);
  return { status: response.status, ...((await response.json()) as Omit<Ready, "status">) };
}

it.each(Object.entries(components))(
  "F-165 %s, answers health on its own port and names what is missing",
  async (_what, start) => {
    const { adminUrl, check, says, mend } = await start();
    const lacking = await waitFor(`${check} to be missing`, async () => {
      const ready = await readReady(adminUrl);
      return ready.checks.some((one) => one.name === check && !one.ok && one.message.includes(says)) && ready;
    });
    expect(lacking.status).toBe(mend === undefined ? 200 : 503);
    for (const path of ["/livez", "/healthz"]) expect((await fetch(adminUrl + path)).status).toBe(200);
    if (mend === undefined) return;
    mend();
    await waitFor(`${check} to be there`, async () => {
      const ready = await readReady(adminUrl);
      return ready.checks.find((one) => one.name === check)?.ok === true;
    });
  },
);
