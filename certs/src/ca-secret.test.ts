import { X509Certificate } from "node:crypto";
import { authorityObject } from "@outrigger/api/cluster-objects";
import { beforeAll, expect, it } from "vitest";
import {
  joinTrusted,
  makeAuthority,
  readAuthoritySecret,
  restoreWith,
  startWith,
  takeOver,
  toNewSecret,
  writeAuthority,
  type AuthorityState,
} from "./ca-secret.ts";
import { createAuthority } from "./authority.ts";
import type { KeyedCertificate } from "./certificate.ts";
import { splitPem } from "./pem.ts";
import { renewalMs } from "./phase.ts";
import { announce, decideRotation, retire, switchOver } from "./rotation.ts";

const nowMs = Date.parse("2026-11-21T10:00:00Z");
const lifetimeMs = 90_000;
let first: KeyedCertificate;
let second: KeyedCertificate;

beforeAll(async () => {
  first = await makeAuthority({ nowMs, lifetimeMs, keyBits: 2048 });
  second = await makeAuthority({ nowMs: nowMs + 60_000, lifetimeMs, keyBits: 2048 });
});

const times = { announceMs: 10_000, retireMs: 20_000 };
const at = (sinceMs: number, trustedMs: number | undefined = nowMs) => ({
  nowMs: nowMs + sinceMs,
  trustedSinceMs: trustedMs,
});

function read(state: AuthorityState, readMs = nowMs): AuthorityState {
  const outcome = readAuthoritySecret(toNewSecret("ca", state), readMs);
  if (!outcome.ok) throw new Error(outcome.problem);
  return outcome.state;
}

it("reads what was written, in every phase", () => {
  const steady = startWith(first, nowMs);
  const announced = announce(steady, second, nowMs + 1);
  const switched = switchOver(announced, nowMs + 2);
  for (const state of [steady, announced, switched, retire(switched, nowMs + 3)]) {
    expect(read(state, nowMs + 10)).toEqual(state);
  }
});

it("removes the next pair from a Secret when there is none any more", () => {
  const { data } = writeAuthority(startWith(first, nowMs));
  expect([data[authorityObject.nextCertificateMember], data[authorityObject.nextKeyMember]]).toEqual([null, null]);
});

it("refuses a signing pair that is absent, mixed up or over, and makes good what else is broken", () => {
  const secret = toNewSecret("ca", startWith(first, nowMs));
  expect(readAuthoritySecret({}, nowMs)).toMatchObject({ ok: false });
  expect(readAuthoritySecret(secret, nowMs + lifetimeMs + 1)).toMatchObject({ ok: false });
  const mixed = { ...secret.data, [authorityObject.keyMember]: Buffer.from(second.privateKeyPem).toString("base64") };
  expect(readAuthoritySecret({ data: mixed }, nowMs)).toMatchObject({ ok: false, problem: /does not belong/ });
  const odd = { ...secret.data, [authorityObject.trustedMember]: "", [authorityObject.nextKeyMember]: "AAAA" };
  const outcome = readAuthoritySecret({ data: odd }, nowMs);
  expect(outcome).toEqual({ ok: true, state: { ...startWith(first, nowMs), phaseSinceMs: undefined } });
});

it("trusts the next authority before it signs, and the old one until it is retired", () => {
  const announced = announce(startWith(first, nowMs), second, nowMs);
  expect([announced.signing, announced.trusted.length]).toEqual([first, 2]);
  const switched = switchOver(announced, nowMs);
  expect([switched.signing, switched.trusted, switched.next]).toEqual([second, announced.trusted, undefined]);
  expect(retire(switched, nowMs)).toMatchObject({
    signing: second,
    trusted: [second.certificatePem.replace(/\r/g, "")],
  });
});

it("renews after two thirds of an authority's life, a tenth more or less", () => {
  const dueMs = renewalMs(first.certificatePem) - nowMs;
  expect(dueMs).toBeGreaterThanOrEqual(lifetimeMs * 0.6 - 1_000);
  expect(dueMs).toBeLessThanOrEqual(lifetimeMs * 0.74 + 1_000);
  const steady = startWith(first, nowMs);
  expect(decideRotation(steady, times, at(dueMs - 1))).toBe("none");
  expect(decideRotation(steady, times, at(dueMs + 1, undefined))).toBe("announce");
});

it("switches only after the whole of announcing, counted from when all entries trust it", () => {
  const announced = announce(startWith(first, nowMs), second, nowMs);
  expect(decideRotation(announced, times, at(9_999))).toBe("none");
  expect(decideRotation(announced, times, at(10_000))).toBe("switch");
  expect(decideRotation(announced, times, at(10_000, nowMs + 5_000))).toBe("none");
  expect(decideRotation(announced, times, { nowMs: nowMs + 90_000, trustedSinceMs: undefined })).toBe("none");
});

it("retires only when no leaf of the old authority can live, and entries are in order", () => {
  const switched = switchOver(announce(startWith(first, nowMs), second, nowMs), nowMs);
  expect(decideRotation(switched, times, at(19_999))).toBe("none");
  expect(decideRotation(switched, times, { nowMs: nowMs + 20_000, trustedSinceMs: undefined })).toBe("none");
  expect(decideRotation(switched, times, at(20_000))).toBe("retire");
});

it("announces again when the next pair was lost, and never switches to nothing", () => {
  const { next, ...lost } = announce(startWith(first, nowMs), second, nowMs);
  expect(next).toBe(second);
  expect(decideRotation(lost, times, at(60_000))).toBe("announce");
  expect(switchOver(lost, nowMs)).toEqual(lost);
});

it("joins and splits certificates without loss, whatever stands between them", () => {
  const joined = joinTrusted([first.certificatePem, second.certificatePem]);
  expect(splitPem(`# comment\r\n${joined}${joined}`)).toHaveLength(2);
  expect(splitPem(joined).map((pem) => new X509Certificate(pem).fingerprint256)).toEqual(
    [first, second].map(({ certificatePem }) => new X509Certificate(certificatePem).fingerprint256),
  );
});

it("does not believe a phase that begins in the future, and then counts from what was seen", () => {
  const switched = switchOver(announce(startWith(first, nowMs), second, nowMs), nowMs + 60_000);
  const state = read(switched, nowMs);
  expect(state.phaseSinceMs).toBeUndefined();
  expect(decideRotation(state, times, at(19_999, nowMs))).toBe("none");
  expect(decideRotation(state, times, at(20_000, nowMs))).toBe("retire");
  const announced = { ...announce(startWith(first, nowMs), second, nowMs), phaseSinceMs: undefined };
  expect(decideRotation(announced, times, at(9_999, nowMs))).toBe("none");
  expect(decideRotation(announced, times, at(10_000, nowMs))).toBe("switch");
});

it("tells what a Secret that can't sign still holds: the next pair, and whom it said to trust", () => {
  const announced = announce(startWith(first, nowMs), second, nowMs);
  const secret = toNewSecret("ca", announced);
  const broken = { ...secret, data: { ...secret.data, [authorityObject.keyMember]: "AAAA" } };
  const remains = { next: second, trusted: announced.trusted };
  expect(readAuthoritySecret(broken, nowMs)).toMatchObject({ ok: false, remains });
  const taken = takeOver(second, announced.trusted, nowMs + 5);
  expect(taken).toEqual({ signing: second, trusted: announced.trusted, phase: "switched", phaseSinceMs: nowMs + 5 });
  expect(read(taken, nowMs + 10)).toEqual(taken);
});

it("keeps authorities of ours trusted beside a new one, and nobody else's", async () => {
  const stranger = await createAuthority({ commonName: "Somebody else", nowMs, lifetimeMs, keyBits: 2048 });
  const before = [first, stranger].map(({ certificatePem }) => splitPem(certificatePem)[0] ?? "");
  const made = startWith(second, nowMs, [...before, "no certificate"]);
  expect(made).toMatchObject({ phase: "switched", signing: second });
  expect(made.trusted).toEqual([...splitPem(second.certificatePem), before[0]]);
  expect(startWith(second, nowMs + lifetimeMs, before)).toMatchObject({ phase: "steady", trusted: { length: 1 } });
});

it("puts back what it knows beside what was trusted since", () => {
  const steady = startWith(first, nowMs);
  expect(restoreWith(steady, steady.trusted, nowMs + 1)).toBe(steady);
  const later = splitPem(second.certificatePem);
  expect(restoreWith(steady, [...later, ...steady.trusted], nowMs + 1)).toEqual({
    signing: first,
    trusted: [...steady.trusted, ...later],
    phase: "switched",
    phaseSinceMs: nowMs + 1,
  });
});
