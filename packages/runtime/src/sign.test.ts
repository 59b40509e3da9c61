import { expect, it } from "vitest";
import { generateKeyPair, signCompact, verifyCompactSync } from "./jws.ts";
import { importSigningKey, publicHalf, readPrivateJwks, signCompactSync } from "./sign.ts";

it("signs the very text that the library signs", async () => {
  const { privateJwk, publicJwk } = await generateKeyPair();
  const text = signCompactSync('{"a":1}', importSigningKey(privateJwk), "test");
  expect(text).toBe(await signCompact('{"a":1}', privateJwk, "test"));
  expect(verifyCompactSync(text, { keys: { keys: [publicHalf(privateJwk)] }, type: "test" })).toMatchObject({
    ok: true,
  });
  expect(publicHalf(privateJwk)).toEqual(publicJwk);
});

it("reads one private key or several, and refuses what is not one in every part", async () => {
  const [one, other] = [(await generateKeyPair()).privateJwk, (await generateKeyPair()).privateJwk];
  expect(readPrivateJwks(JSON.stringify(one))).toEqual([one]);
  expect(readPrivateJwks(JSON.stringify({ keys: [one, other] }))).toEqual([one, other]);
  const bad = [
    { ...one, d: other.d },
    publicHalf(one),
    { ...one, d: "AAAA" },
    { keys: [] },
    { keys: [one, 1] },
    "",
    null,
  ];
  for (const value of bad) expect(readPrivateJwks(JSON.stringify(value))).toBeUndefined();
  expect(readPrivateJwks("-----BEGIN PRIVATE KEY-----")).toBeUndefined();
});
