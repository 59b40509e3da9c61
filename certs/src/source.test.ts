/** Sources of certificates: what they serve, when they change, and what they refuse. */
import { X509Certificate } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { createAuthority, issueLeaf } from "./authority.ts";
import type { KeyedCertificate } from "./certificate.ts";
import { createFileSource } from "./file-source.ts";
import { createSelfSource } from "./self-source.ts";
import { checkPair } from "./source.ts";

const dayMs = 86_400_000;
const nowMs = Date.now();
const closers: (() => void)[] = [];
let authority: KeyedCertificate;
let first: KeyedCertificate;
let second: KeyedCertificate;

beforeAll(async () => {
  authority = await createAuthority({ commonName: "Test CA", nowMs, lifetimeMs: 30 * dayMs, keyBits: 2048 });
  first = await issueLeaf(authority, { names: ["localhost"], nowMs, lifetimeMs: dayMs });
  second = await issueLeaf(authority, { names: ["localhost"], nowMs, lifetimeMs: dayMs });
});

afterEach(() => {
  for (const close of closers.splice(0)) close();
});

function createFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "outrigger-source-"));
  closers.push(() => rmSync(folder, { recursive: true }));
  return folder;
}

function write(folder: string, pair: KeyedCertificate): void {
  writeFileSync(join(folder, "tls.key"), pair.privateKeyPem);
  writeFileSync(join(folder, "tls.crt"), pair.certificatePem);
}

function open(folder: string) {
  const problems: string[] = [];
  const changes: KeyedCertificate[] = [];
  const made = createFileSource({ folder, pollMs: 20, nowMs: Date.now, onProblem: (each) => problems.push(each) });
  if (!made.ok) throw new Error(made.problem);
  made.source.onChange((each) => changes.push(each));
  closers.push(made.source.close);
  return { source: made.source, problems, changes };
}

describe("file source", () => {
  it("serves the pair in the folder and tells once of its replacement", async () => {
    const folder = createFolder();
    write(folder, first);
    const { source, changes } = open(folder);
    expect(source.current()).toEqual(first);
    write(folder, second);
    await vi.waitFor(() => expect(source.current()).toEqual(second), { timeout: 20_000 });
    expect(changes).toEqual([second]);
  });

  it.each([
    [
      "a key of another certificate",
      (): KeyedCertificate => ({ ...second, privateKeyPem: first.privateKeyPem }),
      "does not belong",
    ],
    ["something that is no certificate", (): KeyedCertificate => ({ ...second, certificatePem: "x" }), "PEM"],
  ])("keeps the old pair when it meets %s", async (_name, bad, problem) => {
    const folder = createFolder();
    write(folder, first);
    const { source, problems, changes } = open(folder);
    write(folder, bad());
    await vi.waitFor(() => expect(problems.join()).toMatch(new RegExp(problem, "i")), { timeout: 20_000 });
    expect(source.current()).toEqual(first);
    expect(changes).toEqual([]);
    write(folder, second);
    await vi.waitFor(() => expect(changes).toEqual([second]), { timeout: 20_000 });
    expect(problems.filter((each) => new RegExp(problem, "i").test(each))).toHaveLength(1);
  });

  it("keeps the old pair while the folder is empty", async () => {
    const folder = createFolder();
    write(folder, first);
    const { source, problems } = open(folder);
    rmSync(join(folder, "tls.crt"));
    await vi.waitFor(() => expect(problems.join()).toContain("ENOENT"), { timeout: 20_000 });
    expect(source.current()).toEqual(first);
  });

  it("does not start without a good pair", async () => {
    const expired = await issueLeaf(authority, { names: ["localhost"], nowMs: nowMs - dayMs, lifetimeMs: 1_000 });
    const folder = createFolder();
    write(folder, expired);
    const made = createFileSource({ folder, pollMs: 1_000, nowMs: Date.now, onProblem: () => undefined });
    expect(made).toMatchObject({ ok: false, problem: expect.stringContaining("ended at") as unknown });
  });
});

describe("self source", () => {
  it("serves a leaf of its own authority and renews it after two thirds of its life", async () => {
    let clockMs = nowMs;
    const source = await createSelfSource({
      names: ["localhost", "127.0.0.1"],
      authorityLifetimeMs: 365 * dayMs,
      leafLifetimeMs: 3 * dayMs,
      checkMs: 10,
      nowMs: () => clockMs,
      onProblem: (problem) => expect.unreachable(problem),
    });
    closers.push(source.close);
    const before = source.current();
    const changes: KeyedCertificate[] = [];
    source.onChange((each) => changes.push(each));
    clockMs = nowMs + 2 * dayMs + 1;
    await vi.waitFor(() => expect(changes).toHaveLength(1), { timeout: 20_000 });
    const issuer = new X509Certificate(source.authorityPem);
    for (const each of [before, source.current()])
      expect(new X509Certificate(each.certificatePem).verify(issuer.publicKey)).toBe(true);
    expect(source.current()).not.toEqual(before);
    expect(checkPair(source.current(), clockMs)).toMatchObject({ ok: true });
  });
});
