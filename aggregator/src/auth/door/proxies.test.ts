import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseProxies, readOrigin, trustNobody, type ProxyHeaders, type TrustedProxies } from "./proxies.ts";

function trust(text: string): TrustedProxies {
  const parsed = parseProxies(text);
  if (!parsed.ok) throw new Error(parsed.expected);
  return parsed.value;
}

const isTrusted = trust("10.0.0.0/8, fd00::/8,192.168.1.1");
const read = (peer: string, headers: Record<string, string>, kind: ProxyHeaders = "x-forwarded", encrypted = false) =>
  readOrigin({ peer, isEncrypted: encrypted, headers: { host: "own:80", ...headers } }, { isTrusted, headers: kind });

describe("F-012 headers of proxies", () => {
  const forged = { "x-forwarded-for": "1.2.3.4", "x-forwarded-proto": "https", "x-forwarded-host": "tools.example" };

  it("are believed of named ranges alone", () => {
    expect(read("203.0.113.7", forged)).toEqual({
      address: "203.0.113.7",
      scheme: "http",
      host: "own:80",
      isProxied: false,
    });
    expect(read("10.1.1.1", forged)).toEqual({
      address: "1.2.3.4",
      scheme: "https",
      host: "tools.example",
      isProxied: true,
    });
    for (const peer of ["::ffff:10.1.1.1", "fd00::9", "192.168.1.1"])
      expect(read(peer, forged).isProxied, peer).toBe(true);
    expect(
      readOrigin(
        { peer: "10.1.1.1", isEncrypted: true, headers: forged },
        { isTrusted: trustNobody, headers: "x-forwarded" },
      ),
    ).toMatchObject({
      address: "10.1.1.1",
      scheme: "https",
    });
  });

  it("name as the client whoever stands in front of the last proxy that is ours, whatever is written before that", () => {
    const headers = { "x-forwarded-for": "10.9.9.9, 1.1.1.1, 203.0.113.7, 10.2.2.2" };
    expect(read("10.1.1.1", headers).address).toBe("203.0.113.7");
    expect(read("10.1.1.1", { "x-forwarded-for": "10.2.2.2, 10.3.3.3" }).address).toBe("10.2.2.2");
    expect(read("10.1.1.1", { "x-forwarded-for": "nonsense" }).address).toBe("10.1.1.1");
    expect(read("10.1.1.1", {}).address).toBe("10.1.1.1");
  });

  it("are read of the one kind that was named: what a client has put into the other is not", () => {
    const both = { ...forged, forwarded: 'for="[2001:db8::7]:4711";proto=https;host="a.example:8443", for=10.2.2.2' };
    expect(read("10.1.1.1", both, "forwarded")).toEqual({
      ...{ address: "2001:db8::7", scheme: "https", host: "a.example:8443", isProxied: true },
    });
    expect(read("10.1.1.1", both).address).toBe("1.2.3.4");
    expect(read("10.1.1.1", forged, "forwarded").address).toBe("10.1.1.1");
    const quoted = { forwarded: 'for=1.1.1.1;by="a,b;for=6.6.6.6", For="203.0.113.9"' };
    expect(read("10.1.1.1", quoted, "forwarded").address).toBe("203.0.113.9");
  });

  it("never make a client of a range that is trusted by what it writes itself", () => {
    fc.assert(
      fc.property(fc.string(), fc.ipV4(), (written, client) => {
        fc.pre(!isTrusted(client));
        const text = written.replace(/[\r\n]/g, "");
        expect(read("10.1.1.1", { "x-forwarded-for": `${text}, ${client}` }).address).toBe(client);
      }),
    );
  });

  it("are of ranges, and never of everybody", () => {
    for (const text of [
      "",
      "0.0.0.0/0",
      "::/0",
      "10.0.0.0/33",
      "10.0.0/8",
      "proxy.example",
      "10.0.0.0/8,",
      "fd00::/129",
      "1.1.1.1/8/8",
    ])
      expect(parseProxies(text).ok, text).toBe(false);
  });
});
