import { X509Certificate } from "node:crypto";
import { authorityObject } from "@outrigger/api/cluster-objects";
import { beforeAll, expect, it } from "vitest";
import {
  joinTrusted,
  makeAuthority,
  readAuthoritySecret,
  startWith,
  toNewSecret,
  writeAuthority,
  type AuthorityState,
} from "./ca-secret.ts";
import type { KeyedCertificate } from "./certificate.ts";
import { splitPem } from "./pem.ts";
import { announce, decideRotation, renewalMs, retire, switchOver } from "./rotation.ts";

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
  expect(outcome).toEqual({ ok: true, state: startWith(first, nowMs) });
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
  const dueMs = renewalMs(first) - nowMs;
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
