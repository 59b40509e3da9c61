/**
 * What each port mode promises, in a network of its own: the server is called through its sidecar from elsewhere, and the way round is
 * closed by the mode itself, or open until a network policy closes it, as the status says.
 */
import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { waitFor } from "../fixtures/wait-for.ts";
import { installShim, mountVolumes } from "../integration/stdio-volumes.ts";
import { podAddresses, type Family } from "./network.ts";
import { appPort, makePod, servers, type Pod } from "./pod.ts";

const sidecarPort = 19_080;
const prefix = "outrigger.dev/";
const families = ["v4", "v6"] as const;

interface Mode {
  readonly mode: string;
  readonly guarantee: "loopback" | "policy";
  readonly annotations: Readonly<Record<string, string>>;
  readonly container?: object;
  readonly command: readonly string[];
  readonly variables?: Readonly<Record<string, string>>;
  /** Where the sidecar listens, and where the server does on the pod's addresses, if it does. */
  readonly sidecar: number;
  readonly server?: number;
}

const modes: readonly Mode[] = [
  {
    mode: "sidecar-port",
    guarantee: "policy",
    annotations: {},
    command: servers.wildcard,
    sidecar: sidecarPort,
    server: appPort,
  },
  {
    mode: "named-port",
    guarantee: "policy",
    annotations: {},
    command: servers.wildcard,
    sidecar: sidecarPort,
    server: appPort,
  },
  {
    mode: "loopback",
    guarantee: "loopback",
    annotations: {},
    command: servers.bindsHost,
    variables: { HOST: "127.0.0.1" },
    sidecar: appPort,
  },
  {
    mode: "env",
    guarantee: "loopback",
    annotations: { [`${prefix}host-env`]: "HOST" },
    command: servers.bindsHost,
    sidecar: appPort,
  },
  {
    mode: "env",
    guarantee: "policy",
    annotations: { [`${prefix}port-env`]: "PORT" },
    container: { env: [] },
    command: servers.wildcard,
    sidecar: appPort,
    server: 19_083,
  },
];

const urlOf = (family: Family, port: number): string =>
  `http://${family === "v6" ? `[${podAddresses.v6}]` : podAddresses.v4}:${port}/mcp`;

const echo = (pod: Pod, url: string): Promise<string> =>
  pod.ask({ call: { url, tool: "echo", args: { message: "hello" } } });

const reach = (pod: Pod, family: Family, port: number): Promise<string> =>
  pod.ask({ dial: { host: podAddresses[family], port } });

const makeIn = (
  { mode, annotations, container }: Pick<Mode, "mode" | "annotations" | "container">,
  only = families as readonly Family[],
): Pod =>
  makePod({
    annotations: { [`${prefix}port-mode`]: mode, [`${prefix}deny-tools`]: "get-sum", ...annotations },
    ...(container === undefined ? {} : { container }),
    families: only,
  });

async function untilAnswered(pod: Pod, url: string): Promise<void> {
  await waitFor("the server to answer through its sidecar", async () => (await echo(pod, url)).includes("hello"));
}

describe.each(modes)("mode $mode, guarantee $guarantee", (mode) => {
  it("F-024 leads callers to the sidecar on every address of the pod, and says in the status how firmly the way round is closed", async () => {
    const pod = makeIn(mode);
    const { annotations } = pod.injected.metadata;
    expect(JSON.parse(annotations[`${prefix}status`] ?? "")).toMatchObject({ guarantee: mode.guarantee });
    expect(annotations[`${prefix}endpoint`]).toBe(`${mode.sidecar}/mcp`);
    await pod.startSidecar();
    pod.startServer(mode.command, mode.variables);
    for (const family of families) await untilAnswered(pod, urlOf(family, mode.sidecar));
    const denied = await pod.ask({ call: { url: urlOf("v4", mode.sidecar), tool: "get-sum", args: { a: 1, b: 2 } } });
    expect(denied).toMatch(/^error: .*get-sum/);
    // What listens on the pod's addresses: the sidecar's ports, and the server's own where the mode leaves it there.
    const outside = new Set(
      pod.network
        .listening()
        .filter((each) => !/^(127\.|\[::1\])/.test(each))
        .map(portOf),
    );
    const expected = [mode.sidecar, 19_081, 19_082, ...(mode.server === undefined ? [] : [mode.server])];
    expect([...outside].sort()).toEqual(expected.sort());
    if (mode.server === undefined) return;
    for (const family of families) expect(await reach(pod, family, mode.server)).toBe("open");
    pod.network.admitOnly([mode.sidecar]);
    for (const family of families) {
      expect(await reach(pod, family, mode.server)).toBe("shut");
      expect(await echo(pod, urlOf(family, mode.sidecar))).toContain("hello");
    }
  });
});

const portOf = (listener: string): number => Number(listener.slice(listener.lastIndexOf(":") + 1));
const loopback = { mode: "loopback", annotations: {} };

describe("mode loopback", () => {
  it("F-024 does not let a server start that takes all addresses for itself: closed, not open", async () => {
    const pod = makeIn(loopback);
    await pod.startSidecar();
    const server = pod.startServer(servers.wildcard);
    await once(server.child, "close");
    expect(server.errors()).toContain(`Port ${appPort} is already in use`);
    for (const family of families) expect(await echo(pod, urlOf(family, appPort))).toMatch(/^error: /);
  });

  it("F-024 ends a sidecar whose port such a server won, and says whose port it is", async () => {
    const pod = makeIn(loopback);
    pod.startServer(servers.wildcard);
    await waitFor("the server to listen", () => pod.network.listening().some((each) => portOf(each) === appPort));
    await expect(pod.startSidecar()).rejects.toThrow(/port 3001 on .* is in use by another process/);
  });

  it.each(["127.0.0.1", "::1"])("reaches a server that listens on %s alone", async (host) => {
    const pod = makeIn(loopback);
    await pod.startSidecar();
    pod.startServer(servers.bindsHost, { HOST: host });
    await untilAnswered(pod, urlOf("v4", appPort));
  });

  it.each([["v4"], ["v6"]] as const)("works in a pod that has no other address than one of IP%s", async (family) => {
    const pod = makeIn(loopback, [family]);
    await pod.startSidecar();
    pod.startServer(servers.bindsHost, { HOST: family === "v4" ? "127.0.0.1" : "::1" });
    await untilAnswered(pod, urlOf(family, appPort));
  });
});

describe("transport stdio", () => {
  it("F-024 leaves nothing that listens but the sidecar", async () => {
    const annotations = { [`${prefix}transport`]: "stdio", [`${prefix}deny-tools`]: "get-sum" };
    const pod = makePod({ annotations, container: { command: servers.stdio, ports: [] } });
    const status = pod.injected.metadata.annotations[`${prefix}status`] ?? "";
    expect(JSON.parse(status)).toMatchObject({ guarantee: "stdio" });
    const mounts = mountVolumes();
    await pod.startSidecar(mounts);
    pod.startServer(installShim(pod.injected, mounts));
    await untilAnswered(pod, urlOf("v6", sidecarPort));
    expect(await pod.ask({ call: { url: urlOf("v4", sidecarPort), tool: "get-sum", args: { a: 1, b: 2 } } })).toMatch(
      /^error: /,
    );
    expect(new Set(pod.network.listening().map(portOf))).toEqual(new Set([sidecarPort, 19_081, 19_082]));
  });
});
