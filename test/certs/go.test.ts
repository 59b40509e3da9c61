/** Our certificates as API servers decide about them: by Go's crypto/x509, in a program of a page that imports nothing else. */
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import { createAuthority, issueLeaf, listServiceNames, type KeyedCertificate } from "@outrigger/certs";
import { run } from "../cluster/run.ts";
import { nameFileFolder } from "../fixtures/temporary-folder.ts";

const folder = nameFileFolder("go-certs");
const program = join(folder, "verify");
const nowMs = Date.now();
const dayMs = 86_400_000;
const names = listServiceNames("outrigger-webhook", "outrigger-system", "cluster.local");
const host = "outrigger-webhook.outrigger-system.svc";

beforeAll(async () => {
  // Nothing is fetched: the program imports what comes with Go alone.
  const env = { CGO_ENABLED: "0", GOPROXY: "off" };
  await run(["go", "build", "-o", program, join(import.meta.dirname, "testdata/verify.go")], { env });
}, 300_000);

const write = (name: string, { certificatePem }: KeyedCertificate): string => {
  const path = join(folder, `${name}.pem`);
  writeFileSync(path, certificatePem);
  return path;
};

it("takes a leaf beside an authority of the same name, with every extension as RFC 5280 has it, and nothing else", async () => {
  const make = () => createAuthority({ commonName: "Test CA", nowMs, lifetimeMs: 365 * dayMs });
  const [authority, next] = await Promise.all([make(), make()]);
  const leaf = write("leaf", await issueLeaf(authority, { names, nowMs, lifetimeMs: 7 * dayMs }));
  const [own, other] = [write("own", authority), write("other", next)];
  const ask = (...args: readonly string[]): string => spawnSync(program, [...args], { encoding: "utf8" }).stdout.trim();
  for (const name of names) expect(ask(leaf, name, own)).toBe("taken");
  expect(ask(leaf, host, own, other)).toBe("taken");
  expect(ask(leaf, host, other)).toMatch(/unknown authority/);
  expect(ask(leaf, "example.com", own)).toMatch(/not example\.com/);
});
