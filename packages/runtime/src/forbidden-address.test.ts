import type { LookupFunction } from "node:net";
import { describe, expect, it } from "vitest";
import { createGuardedLookup, createPublicLookup, isForbiddenHost, isPrivateHost } from "./forbidden-address.ts";

describe("an address that no server has", () => {
  it.each([
    "169.254.169.254",
    "169.254.0.1",
    "100.100.100.200",
    "0.0.0.0",
    "224.0.0.1",
    "255.255.255.255",
    "[fe80::1]",
    "fe80::1",
    "[fd00:ec2::254]",
    "[::]",
    "[ff02::1]",
    "[::ffff:169.254.169.254]",
    "[::ffff:a9fe:a9fe]",
    "[64:ff9b::a9fe:a9fe]",
    "[::a9fe:a9fe]",
    "[::169.254.169.254]",
    "[::ffff:0:a9fe:a9fe]",
    "[2002:a9fe:a9fe::1]",
    "[2001:0:4136:e378:8000:63bf:3fff:fdd2]",
    "metadata.google.internal",
    "Metadata.Google.Internal.",
    "instance-data",
  ])("%s is refused", (host) => {
    expect(isForbiddenHost(host)).toBe(true);
  });

  it.each([
    "127.0.0.1",
    "[::1]",
    "localhost",
    "10.0.0.1",
    "192.168.1.1",
    "[fd12::1]",
    "[2001:db8::1]",
    "[2606:4700::1]",
    "8.8.8.8",
    "metadata.example",
    "",
  ])("%s is an address like others", (host) => {
    expect(isForbiddenHost(host)).toBe(false);
  });

  it.each(["http://2852039166/", "http://0xa9fea9fe/", "http://169.254.43518/", "http://0251.0376.0251.0376/"])(
    "%s is one too, by another spelling",
    (url) => {
      expect(isForbiddenHost(new URL(url).hostname)).toBe(true);
    },
  );
});

/** A lookup that finds these addresses, one or all as it is asked. */
const finding =
  (...addresses: readonly string[]): LookupFunction =>
  (_name, options, tell) => {
    const all = addresses.map((address) => ({ address, family: 4 }));
    if (options.all === true) tell(null, all);
    else tell(null, addresses[0] ?? "", 4);
  };

describe("a name", () => {
  it.each([[["169.254.169.254"]], [["10.0.0.1", "169.254.169.254"]]])(
    "that stands for %s is not found",
    async (addresses) => {
      const message = await new Promise((resolve) => {
        createGuardedLookup(finding(...addresses))("rebound.test", { all: true }, (error) => resolve(error?.message));
      });
      expect(message).toContain("rebound.test stands for 169.254.169.254, which is no server's address");
    },
  );

  it("that stands for others is found as ever, and one that stands for nothing is not", async () => {
    const ask = (lookup: LookupFunction, all: boolean) =>
      new Promise((resolve) => {
        lookup("a.test", { all }, (error, found) => resolve(error?.message ?? found));
      });
    expect(await ask(createGuardedLookup(finding("10.0.0.1")), false)).toBe("10.0.0.1");
    expect(await ask(createGuardedLookup(finding("10.0.0.1")), true)).toEqual([{ address: "10.0.0.1", family: 4 }]);
    const failing: LookupFunction = (_name, _options, tell) => tell(new Error("no such name"), "");
    expect(await ask(createGuardedLookup(failing), true)).toBe("no such name");
  });
});

const privateAddresses = [
  ...["10.1.2.3", "100.64.0.1", "127.0.0.1", "172.31.0.1", "192.168.0.1", "198.18.0.1", "250.0.0.1"],
  ...["::1", "::7f00:1", "::ffff:10.1.2.3", "64:ff9b::a01:203", "64:ff9b:1::1", "fd12::1", "fec0::1"],
];

describe("a name of the public network", () => {
  it.each([...privateAddresses, "169.254.169.254", "fe80::1"])(
    "is not found where it stands for %s, alone or beside others",
    async (address) => {
      expect(isPrivateHost(address) || isForbiddenHost(address)).toBe(true);
      for (const addresses of [[address], ["8.8.8.8", address]]) {
        const message = await new Promise((resolve) => {
          createPublicLookup(finding(...addresses))("a.test", { all: true }, (error) => resolve(error?.message));
        });
        expect(message).toContain(
          `a.test stands for ${address}, which is no server's address: expected a public address`,
        );
      }
    },
  );

  it.each(["8.8.8.8", "172.32.0.1", "100.128.0.1", "2606:4700::1"])(
    "is found where it stands for %s",
    async (address) => {
      const found = await new Promise((resolve) => {
        createPublicLookup(finding(address))("a.test", {}, (error, one) => resolve(error?.message ?? one));
      });
      expect(found).toBe(address);
    },
  );
});
