/** For tests: a fixture behind a door, closed after each test. */
import { join } from "node:path";
import { afterEach } from "vitest";
import { createSocketSource } from "../process/connected.ts";
import { createFixture, makeFolder, type Fixture, type FixtureOptions } from "./fixture.ts";
import { openHttpDoor, type HttpDoor } from "./http-door.ts";
import { startShim, type ShimProcess } from "./shim.ts";

/** A server under test behind its door. */
export type Served = Fixture & { readonly door: HttpDoor; readonly url: URL };

/** Where the server's processes run: as our own, or behind the shim. */
export type Via = "process" | "shim";

type Serve = (switches?: readonly string[], options?: FixtureOptions) => Promise<Served>;

/** Returns the function that serves a fixture; registers its cleaning with the test file that calls it. */
export function createServe(via: Via = "process"): Serve {
  const closers: (() => Promise<void>)[] = [];
  afterEach(async () => {
    await Promise.all(closers.splice(0).map((close) => close()));
  });
  return async (switches = [], options = {}) => {
    const { fixture, shim } =
      via === "process" ? { fixture: createFixture(switches, options) } : behindShim(switches, options);
    await shim?.listens();
    const door = await openHttpDoor(fixture.upstream);
    closers.push(door.close, fixture.upstream.close);
    return { ...fixture, door, url: door.url };
  };
}

function behindShim(
  switches: readonly string[],
  options: FixtureOptions,
): { readonly fixture: Fixture; readonly shim: ShimProcess | undefined } {
  let shim: ShimProcess | undefined;
  const fixture = createFixture(switches, {
    ...options,
    createSource({ server, stopWaitMs }) {
      const path = join(makeFolder(), "stdio.sock");
      shim = startShim(server, path, ["--stdin-wait", String(stopWaitMs), "--term-wait", String(stopWaitMs)]);
      return createSocketSource({ path, stopWaitMs, onReachable: () => undefined });
    },
  });
  return { fixture, shim };
}
