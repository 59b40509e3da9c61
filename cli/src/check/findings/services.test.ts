import { describe, expect, it } from "vitest";
import type { InjectedPod, ServiceFacts, Wiring } from "../facts.ts";
import { createFinding, type Finding } from "../finding.ts";
import { factsOf, pod } from "./facts-of.ts";
import { judgeServices } from "./services.ts";

const seen = <T>(value: T): { readonly ok: true; readonly value: T } => ({ ok: true, value });
const service = (target: number | string, change: Partial<ServiceFacts> = {}): ServiceFacts => ({
  namespace: "tools",
  name: "search",
  isHeadless: false,
  selector: { app: "search" },
  ports: [{ port: 80, target, isTcp: true }],
  ...change,
});
const judge = (services: readonly ServiceFacts[], pods: readonly InjectedPod[] = [pod]): readonly Finding[] =>
  judgeServices(factsOf({ services: seen(services), injected: seen(pods) }));
const wired = (wiring: Partial<Wiring>, ports = pod.ports): InjectedPod => ({
  ...pod,
  wiring: { mode: "sidecar-port", dataPort: 19_080, appPort: 3001, ...wiring },
  ports,
});
const patch =
  'kubectl patch service/search --namespace tools --patch \'{"spec":{"ports":[{"port":80,"targetPort":19080}]}}\'';

describe("Services of servers", () => {
  it.each<[string, number | string, InjectedPod]>([
    ["sidecar-port by number", 3001, pod],
    ["sidecar-port by name", "mcp", pod],
    ["named-port by number", 3001, wired({ mode: "named-port" })],
  ])("lead past the sidecar in mode %s, and the patch that mends it is told", (_mode, target, leaking) => {
    const [finding, ...more] = judge([service(target)], [leaking]);
    expect(more).toEqual([]);
    expect(finding).toMatchObject({ area: "services", level: "warning", next: patch });
    expect(finding?.objects).toEqual([
      `tools/search: port 80 leads to ${target}, the server's own; the sidecar (${leaking.wiring?.mode ?? ""}) is on 19080`,
    ]);
  });

  it.each<[string, number | string, InjectedPod]>([
    ["lead to the sidecar's port", 19_080, pod],
    ["are of mode loopback, where the port is the sidecar's", 3001, wired({ mode: "loopback", dataPort: 3001 })],
    [
      "name the port that named-port has moved to the sidecar",
      "mcp",
      wired({ mode: "named-port" }, [
        { number: 3001, name: "" },
        { number: 19_080, name: "mcp" },
      ]),
    ],
    ["are of a stdio server, which has no port", 3001, wired({ mode: "stdio", appPort: undefined })],
    ["lead to another port of the pod, such as its metrics", 9090, pod],
  ])("are well where they %s", (_why, target, leading) => {
    expect(judge([service(target)], [leading])).toEqual([
      createFinding("services", "ok", "1 Service of servers, none past a sidecar"),
    ]);
  });

  it("are not spoken of where they select no pod with a sidecar, or nothing", () => {
    const others = [
      service(3001, { selector: { app: "other" } }),
      service(3001, { namespace: "docs" }),
      service(3001, { selector: {} }),
    ];
    expect(judge(others)).toEqual([]);
  });

  it("without an address of their own are for their clients to mend", () => {
    const [finding] = judge([service(3001, { isHeadless: true })]);
    expect(finding).toMatchObject({ level: "note", next: expect.stringContaining("loopback") as unknown });
  });

  it("tell of UDP nothing", () => {
    expect(judge([service(3001, { ports: [{ port: 80, target: 3001, isTcp: false }] })])).toEqual([
      createFinding("services", "ok", "1 Service of servers, none past a sidecar"),
    ]);
  });
});
