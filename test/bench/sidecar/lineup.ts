/** Who is measured: each subject with the command that starts it. Flags of the heap are the same for all but the peers, which set none. */
import type { Programs } from "./programs.ts";
import type { PeerName } from "./peers.ts";

/** Flags with which the webhook starts the sidecar; a test holds them equal. */
export const shippedFlags = ["--max-semi-space-size=2", "--max-old-space-size=64"] as const;

/** Flags of the profile for many streams. */
const streamFlags = ["--max-semi-space-size=2", "--max-old-space-size=128"] as const;

/** Everybody who may be measured. */
export type SubjectName =
  | "bare passthrough"
  | "sidecar"
  | "sidecar, no rules"
  | "sidecar, every call logged"
  | "sidecar, streams open"
  | "sidecar, none open"
  | "sidecar, stdio"
  | "SDK v1 relay"
  | "SDK v2 relay"
  | PeerName;

/** What a command is made from. `ports`: three that are free; the first is for MCP, the third for health. */
export interface Place {
  readonly programs: Programs;
  readonly origin: string;
  readonly ports: readonly [number, number, number];
  /** Files with policy: every kind of rule, and none. */
  readonly policies: { readonly full: string; readonly none: string };
  readonly peerFolder: (peer: PeerName) => Promise<string>;
}

/** How a subject is started. */
export interface Start {
  readonly args: readonly string[];
  /** Its requests belong to a session. */
  readonly needsSession?: true;
}

/** The rules of the sidecar: an allow list, a deny list, a rate for each tool that no load reaches, and one that is used up at once. */
export const fullPolicy = {
  tools: { allow: ["tool_*", "bytes_*", "sse"], deny: ["tool_denied", "tool_7"] },
  limits: [
    { name: "per-tool", per: ["Tool"], rate: "9999999/s" },
    { name: "once", tools: ["tool_limited"], rate: "1/h" },
  ],
};

type Build = (place: Place) => Start | Promise<Start>;

const sidecar =
  (options: {
    readonly policy: keyof Place["policies"];
    readonly audit?: "all" | "refusals";
    readonly flags?: readonly string[];
    readonly isStdio?: true;
  }): Build =>
  ({ programs, origin, ports, policies }) => {
    const [data, control, admin] = ports.map((port) => `127.0.0.1:${port}`);
    const server = options.isStdio
      ? ["--", process.execPath, programs["stdio-server"]]
      : ["--upstream", `${origin}/mcp`];
    return {
      args: [
        ...(options.flags ?? shippedFlags),
        programs.sidecar,
        ...["--listen", `${data}`, "--control", `${control}`, "--admin", `${admin}`, "--watch-stdin", "yes"],
        ...["--policy", policies[options.policy], "--audit", options.audit ?? "refusals", "--drain-seconds", "0"],
        ...server,
      ],
      ...(options.isStdio ? { needsSession: true as const } : {}),
    };
  };

const stdioCommand = ({ programs }: Place): readonly string[] => [process.execPath, programs["stdio-server"]];

/** How each of them is started. */
export const lineup: Readonly<Record<SubjectName, Build>> = {
  "bare passthrough": ({ programs, origin, ports }) => ({
    args: [...shippedFlags, programs.bare, origin, "127.0.0.1", String(ports[0])],
  }),
  sidecar: sidecar({ policy: "full" }),
  "sidecar, no rules": sidecar({ policy: "none" }),
  "sidecar, every call logged": sidecar({ policy: "full", audit: "all" }),
  "sidecar, streams open": sidecar({ policy: "full", flags: streamFlags }),
  "sidecar, none open": sidecar({ policy: "full", flags: streamFlags }),
  "sidecar, stdio": sidecar({ policy: "full", isStdio: true }),
  "SDK v1 relay": ({ programs, origin, ports }) => ({
    args: [...shippedFlags, programs["sdk-v1-relay"], origin, String(ports[0])],
    needsSession: true,
  }),
  "SDK v2 relay": ({ programs, origin, ports }) => ({
    args: [...shippedFlags, programs["sdk-v2-relay"], origin, String(ports[0])],
  }),
  "supergateway 4.0.0": async (place) => ({
    args: [
      `${await place.peerFolder("supergateway 4.0.0")}/node_modules/supergateway/dist/index.js`,
      ...["--stdio", stdioCommand(place).join(" "), "--outputTransport", "streamableHttp", "--stateful"],
      ...["--port", String(place.ports[0]), "--logLevel", "none"],
    ],
    needsSession: true,
  }),
  "mcp-proxy 6.7.19": async (place) => ({
    args: [
      `${await place.peerFolder("mcp-proxy 6.7.19")}/node_modules/mcp-proxy/dist/bin/mcp-proxy.mjs`,
      ...["--host", "127.0.0.1", "--port", String(place.ports[0]), "--server", "stream", "--no-eventStore"],
      ...["--", ...stdioCommand(place)],
    ],
    needsSession: true,
  }),
};
