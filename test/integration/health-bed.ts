/** For the tests of health: real servers behind a proxy that fails on demand, real sidecars in front of it, and what their feeds say. */
import { fileURLToPath } from "node:url";
import { Client } from "undici";
import type { FeedState, Health } from "@outrigger/api/feed";
import { followFeed } from "../../aggregator/src/catalog/feed.ts";
import { startFaultyProxy, type FaultyProxy } from "../fixtures/faulty-proxy.ts";
import { createPrograms } from "../fixtures/programs.ts";
import { startRealSidecar, startSidecarAt, type RealSidecar } from "../fixtures/real-sidecar.ts";
import { waitFor } from "../fixtures/wait-for.ts";

const inModules = (path: string): string => fileURLToPath(new URL(`../../node_modules/${path}`, import.meta.url));
const conformanceServer = fileURLToPath(new URL("../fixtures/conformance-server/main.ts", import.meta.url));

/** One state with the time at which it was heard, by `performance.now()`. */
export interface Heard {
  readonly state: FeedState;
  readonly atMs: number;
}

/** A sidecar with the server behind it. */
export interface Guarded {
  readonly sidecar: RealSidecar;
  readonly proxy: FaultyProxy;
  readonly heard: readonly Heard[];
  readonly health: () => Health | undefined;
  /** Waits until the server is in one of these states, or has one of these reasons. */
  readonly until: (...words: readonly string[]) => Promise<Heard>;
}

/** What a test starts; everything ends with `end`. */
export interface HealthBed {
  /** The fixture server, whose SDK speaks both eras: its address. */
  readonly startModern: () => Promise<string>;
  /** A server of SDK v1, with sessions: its address. */
  readonly startLegacy: (port: number) => Promise<string>;
  /** `host`: where it listens, with the control port of pods; without it on 127.0.0.1 at free ports. */
  readonly guard: (target: string, flags: readonly string[], host?: string) => Promise<Guarded>;
  /** Follows a sidecar that is there. */
  readonly follow: (sidecar: RealSidecar) => Pick<Guarded, "heard" | "health" | "until">;
  readonly sidecar: (flags: readonly string[]) => Promise<RealSidecar>;
  readonly end: () => Promise<void>;
}

/** Creates the bed, empty. */
export function createHealthBed(): HealthBed {
  const programs = createPrograms();
  const ends: (() => Promise<unknown>)[] = [];
  const follow = (sidecar: RealSidecar): Pick<Guarded, "heard" | "health" | "until"> => {
    const heard: Heard[] = [];
    const feed = followFeed({
      controlUrl: sidecar.controlUrl,
      connect: (origin) => new Client(origin),
      onState: (state) => void heard.push({ state, atMs: performance.now() }),
      onDown: () => undefined,
      backoff: { firstMs: 20, longestMs: 50 },
      random: Math.random,
    });
    ends.push(() => feed.stop());
    const isIn = ({ state }: Heard, words: readonly string[]): boolean =>
      words.includes(state.health.state) || words.includes(state.health.reason);
    return {
      heard,
      health: () => heard.at(-1)?.state.health,
      until: async (...words) => {
        // What counts is what is heard from now on, or holds now.
        const from = Math.max(0, heard.length - 1);
        return waitFor(`the server to be ${words.join(" or ")}`, () =>
          heard.slice(from).find((each) => isIn(each, words)),
        );
      },
    };
  };
  return {
    startModern: () =>
      programs.start(["--conditions=outrigger-source", conformanceServer], (line) => {
        // What the program says first.
        return (JSON.parse(line) as { listening?: string }).listening?.replace("localhost", "127.0.0.1");
      }),
    startLegacy: async (port) => {
      const code = `process.env.PORT = "${port}"; console.log("up"); await import(${JSON.stringify(inModules("@modelcontextprotocol/server-everything/dist/transports/streamableHttp.js"))});`;
      await programs.start(["--input-type=module", "--eval", code], () => "up");
      const url = `http://127.0.0.1:${port}/mcp`;
      await waitFor("the server to listen", async () => (await fetch(url)).status > 0);
      return url;
    },
    guard: async (target, flags, host) => {
      const proxy = await startFaultyProxy(target);
      ends.push(proxy.close);
      const all = ["--upstream", proxy.url, ...flags];
      const sidecar = await (host === undefined
        ? startRealSidecar(programs, "guarded", all)
        : startSidecarAt(programs, "guarded", { flags: all, host }));
      return { sidecar, proxy, ...follow(sidecar) };
    },
    follow,
    sidecar: (flags) => startRealSidecar(programs, "guarded", flags),
    end: async () => {
      for (const end of ends.splice(0).reverse()) await end();
      await programs.endAll();
    },
  };
}
