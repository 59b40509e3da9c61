import type { RawEndpointSlice, RawObject } from "@outrigger/kube";
import fc from "fast-check";
import { expect, it } from "vitest";
import { readService, readServiceObject, readSliceObject } from "./read-service.ts";

const service = (annotations: Record<string, string> = {}, labels: Record<string, string> = {}): RawObject => ({
  metadata: { name: "crm", namespace: "vendors", creationTimestamp: "2026-11-01T10:00:00Z", annotations, labels },
});
const ports = [{ name: "mcp", port: 8_443 }];
const slice = (change: Partial<RawEndpointSlice> = {}): RawEndpointSlice => ({
  metadata: { name: "crm-x", namespace: "vendors", labels: { "kubernetes.io/service-name": "crm" } },
  ...{ addressType: "IPv4", ports, endpoints: [{ addresses: ["10.1.2.3"] }] },
  ...change,
});

function read(object: RawObject, ...slices: readonly RawEndpointSlice[]) {
  const known = readServiceObject(object);
  if (known === undefined) throw new Error("a Service that counts");
  return readService(
    known,
    slices.flatMap((each) => readSliceObject(each) ?? []),
  );
}

it("reads each address as a replica, with what the Service says of its server", () => {
  const annotations = {
    "outrigger.dev/path": "/v2/mcp",
    "outrigger.dev/group": "sales",
    "outrigger.dev/retry": "ReadOnly",
  };
  const two = slice({
    endpoints: [{ addresses: ["10.1.2.3"] }, { addresses: ["10.1.2.4"], conditions: { ready: false } }],
  });
  const { sidecars, problems } = read(service(annotations, { "outrigger.dev/server": "customers" }), two);
  expect(problems).toEqual([]);
  expect(sidecars).toMatchObject([
    {
      ...{
        namespace: "vendors",
        server: "customers",
        group: "sales",
        origin: "Service",
        routing: { retry: "ReadOnly" },
      },
      ...{ dataUrl: "http://10.1.2.3:8443/v2/mcp", controlUrl: "http://10.1.2.3:19081", isReady: true },
    },
    { dataUrl: "http://10.1.2.4:8443/v2/mcp", isReady: false },
  ]);
  expect(new Set(sidecars.map(({ key }) => key)).size).toBe(2);
});

it("takes the control port by its name, IPv6 in brackets, and the identity of a pod where there is one", () => {
  const control = { name: "outrigger-control", port: 9_000 };
  const { sidecars } = read(
    service(),
    slice({
      ...{ addressType: "IPv6", ports: [...ports, control] },
      endpoints: [{ addresses: ["fd00::1"], targetRef: { kind: "Pod", uid: "u1" } }],
    }),
  );
  expect(sidecars).toMatchObject([
    { key: "pod:u1", dataUrl: "http://[fd00::1]:8443/mcp", controlUrl: "http://[fd00::1]:9000" },
  ]);
});

it("leaves out what is on its way out, slices of others, and annotations that can't be read", () => {
  expect(readServiceObject({ metadata: { name: "crm", deletionTimestamp: "2026-11-01T10:00:00Z" } })).toBeUndefined();
  expect(readSliceObject({ metadata: { name: "loose" } })).toBeUndefined();
  const leaving = slice({ endpoints: [{ addresses: ["10.1.2.3"], conditions: { terminating: true } }] });
  expect(read(service(), leaving).sidecars).toEqual([]);
  const other = slice({ metadata: { namespace: "tools", labels: { "kubernetes.io/service-name": "crm" } } });
  expect(read(service(), other)).toMatchObject({ sidecars: [], problems: [{ reason: "Starting" }] });
  const wrong = { "outrigger.dev/path": "evil", "outrigger.dev/group": "A B" };
  expect(read(service(wrong), slice()).sidecars).toMatchObject([
    { dataUrl: "http://10.1.2.3:8443/mcp", group: "default" },
  ]);
});

it("refuses addresses that no server has, by name, and goes on with the others", () => {
  const { sidecars, problems } = read(
    service(),
    slice({ endpoints: [{ addresses: ["169.254.169.254"] }, { addresses: ["10.1.2.3"] }] }),
  );
  expect(sidecars).toHaveLength(1);
  expect(problems).toMatchObject([
    { reason: "EndpointInvalid", message: expect.stringContaining("leads to 169.254.169.254") as string },
  ]);
});

it("dials nothing but addresses of slices, whatever labels and annotations say", () => {
  const texts = fc.dictionary(
    fc.constantFrom("outrigger.dev/path", "outrigger.dev/group", "outrigger.dev/server", "outrigger.dev/endpoint"),
    fc.oneof(fc.constantFrom("@evil.example/", "//evil.example/mcp", "/x?y", "a/b"), fc.string()),
  );
  fc.assert(
    fc.property(texts, texts, (annotations, labels) => {
      for (const { dataUrl, controlUrl } of read(service(annotations, labels), slice()).sidecars) {
        expect([new URL(dataUrl).host, new URL(controlUrl).host]).toEqual(["10.1.2.3:8443", "10.1.2.3:19081"]);
      }
    }),
  );
});
