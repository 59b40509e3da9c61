/** Names are looked up for each connection, and one that has come to stand for an address that no server has is not connected to. */
import type { LookupFunction } from "node:net";
import { expect, it } from "vitest";
import { createGuardedLookup } from "@outrigger/runtime/forbidden-address";
import { openConnection } from "./connection.ts";

const findsMetadata: LookupFunction = (_name, options, tell) => {
  if (options.all === true) tell(null, [{ address: "169.254.169.254", family: 4 }]);
  else tell(null, "169.254.169.254", 4);
};

it("a name that stands for an address that no server has is connected to nothing", async () => {
  const lookup = createGuardedLookup(findsMetadata);
  const message = await new Promise<string>((resolve) => {
    const unused = () => undefined;
    const owner = { admit: unused, onFree: unused, onGone: unused };
    const connection = openConnection({ host: "rebound.test", port: 1, isTls: false, lookup }, owner);
    connection.send(
      { head: "GET / HTTP/1.1\r\n\r\n", body: undefined },
      { onHead: unused, onData: () => true, onEnd: unused, onFailure: (failure) => resolve(failure.message) },
    );
  });
  expect(message).toContain("rebound.test stands for 169.254.169.254, which is no server's address");
});
