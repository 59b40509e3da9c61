/** For tests: a fixture behind a door, closed after each test. */
import { afterEach } from "vitest";
import type { StdioOptions } from "../stdio-upstream.ts";
import { createFixture, type Fixture } from "./fixture.ts";
import { openHttpDoor, type HttpDoor } from "./http-door.ts";

/** A server under test behind its door. */
export type Served = Fixture & { readonly door: HttpDoor; readonly url: URL };

/** Returns the function that serves a fixture; registers its cleaning with the test file that calls it. */
export function createServe(): (switches?: readonly string[], options?: Partial<StdioOptions>) => Promise<Served> {
  const closers: (() => Promise<void>)[] = [];
  afterEach(async () => {
    await Promise.all(closers.splice(0).map((close) => close()));
  });
  return async (switches = [], options = {}) => {
    const fixture = createFixture(switches, options);
    const door = await openHttpDoor(fixture.upstream);
    closers.push(door.close, fixture.upstream.close);
    return { ...fixture, door, url: door.url };
  };
}
