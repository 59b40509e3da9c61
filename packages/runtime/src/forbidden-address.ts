/**
 * Addresses that no server, store or collector has, though a pod can reach them: metadata of cloud machines, link-local, multicast,
 * unspecified. Who could point a program of ours there would read the node's credentials through it. Loopback and private ones are usual.
 */
import { lookup as lookUpName } from "node:dns";
import { BlockList, isIP, type LookupFunction } from "node:net";

const forbidden = new BlockList();
/** Link-local, with the metadata service of most clouds. Source: RFC 3927, RFC 4291 section 2.5.6. */
forbidden.addSubnet("169.254.0.0", 16);
forbidden.addSubnet("fe80::", 10, "ipv6");
/** Metadata services elsewhere: Alibaba, Azure, Oracle, AWS and Google by IPv6. */
forbidden.addAddress("100.100.100.200");
forbidden.addAddress("168.63.129.16");
forbidden.addAddress("192.0.0.192");
forbidden.addAddress("fd00:ec2::254", "ipv6");
forbidden.addAddress("fd20:ce::254", "ipv6");
/** Unspecified, multicast, broadcast. Source: RFC 6890. */
forbidden.addSubnet("0.0.0.0", 8);
forbidden.addSubnet("224.0.0.0", 4);
forbidden.addAddress("255.255.255.255");
forbidden.addAddress("::", "ipv6");
forbidden.addSubnet("ff00::", 8, "ipv6");
/** Tunnels that nobody runs any more, whose addresses hold one of IPv4 that nobody would look at: 6to4 (RFC 7526), Teredo (RFC 4380). */
forbidden.addSubnet("2002::", 16, "ipv6");
forbidden.addSubnet("2001::", 32, "ipv6");

const forbiddenNames: ReadonlySet<string> = new Set([
  "instance-data",
  "instance-data.ec2.internal",
  "metadata",
  "metadata.google.internal",
  "metadata.goog",
  "metadata.tencentyun.com",
]);

/** IPv6 addresses that stand for one of IPv4, of which the last two groups tell: compatible, mapped, translated (RFC 4291, RFC 2765, RFC 6052). */
const carriesIpv4 = /^(?:::(?:ffff:(?:0:)?)?|64:ff9b::)(?:([0-9a-f]{1,4}):([0-9a-f]{1,4})|((?:[0-9]+\.){3}[0-9]+))$/;

function ipv4Within(address: string): string | undefined {
  const match = carriesIpv4.exec(address);
  if (match === null) return undefined;
  const [, high, low, dotted] = match;
  if (dotted !== undefined) return dotted;
  const bits = Number.parseInt(high ?? "", 16) * 0x1_0000 + Number.parseInt(low ?? "", 16);
  return [24, 16, 8, 0].map((shift) => Math.floor(bits / 2 ** shift) % 256).join(".");
}

/** Says whether a host is one of those, as `hostname` of a URL or an address has it; of a name only what is known by name. */
export function isForbiddenHost(host: string): boolean {
  const bare = host.replace(/^\[|\]$/g, "").toLowerCase();
  const address = ipv4Within(bare) ?? bare;
  const version = isIP(address);
  if (version === 0) return forbiddenNames.has(bare.replace(/\.$/, ""));
  return forbidden.check(address, version === 6 ? "ipv6" : "ipv4");
}

/** What an address has to be, for whoever reads that it is none. */
export const allowedHosts = "none of a metadata service, link-local, multicast or unspecified";

/** Networks that only part of the world has: loopback, private, shared, site-local, reserved. Source: RFC 6890, RFC 4193, RFC 6598, RFC 8215. */
const privateOnes = new BlockList();
for (const [network, prefix] of [
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["240.0.0.0", 4],
] as const)
  privateOnes.addSubnet(network, prefix);
privateOnes.addAddress("::1", "ipv6");
privateOnes.addSubnet("fc00::", 7, "ipv6");
privateOnes.addSubnet("fec0::", 10, "ipv6");
privateOnes.addSubnet("64:ff9b:1::", 48, "ipv6");

/** Says whether a host is of one of those networks: an address, or `localhost`. What other names stand for is not asked. */
export function isPrivateHost(host: string): boolean {
  const bare = host.replace(/^\[|\]$/g, "").toLowerCase();
  const address = ipv4Within(bare) ?? bare;
  const version = isIP(address);
  if (version === 0) return /^(?:.*\.)?localhost\.?$/.test(bare);
  return privateOnes.check(address, version === 6 ? "ipv6" : "ipv4");
}

/** The same as {@link createGuardedLookup}, for names that must not stand for an address of such a network either. */
export function createPublicLookup(resolve: LookupFunction = lookUpName): LookupFunction {
  return guard(resolve, (address) => isForbiddenHost(address) || isPrivateHost(address), "a public address");
}

/** Looks names up as Node does, and fails where a name stands for such an address: who owns a name may change that at any time. */
export function createGuardedLookup(resolve: LookupFunction = lookUpName): LookupFunction {
  return guard(resolve, isForbiddenHost, allowedHosts);
}

function guard(resolve: LookupFunction, isRefused: (address: string) => boolean, expected: string): LookupFunction {
  return (name, options, tell) => {
    resolve(name, options, (error, found, family) => {
      if (error !== null) {
        tell(error, found, family);
        return;
      }
      const addresses = typeof found === "string" ? [found] : found.map(({ address }) => address);
      const bad = addresses.find(isRefused);
      if (bad === undefined) tell(null, found, family);
      else tell(new Error(`${name} stands for ${bad}, which is no server's address: expected ${expected}`), []);
    });
  };
}
