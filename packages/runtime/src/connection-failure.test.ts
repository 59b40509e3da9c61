import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import fc from "fast-check";
import { expect, it } from "vitest";
import { describeFailedConnection, explainConnectionError, readConnectionCode } from "./connection-failure.ts";
import { findFreePort } from "./testing/free-port.ts";

const failOf = (url: string): Promise<unknown> =>
  fetch(url).then(
    () => {
      throw new Error(`${url} answered`);
    },
    (error: unknown) => error,
  );

it("F-184 names the address, the setting that it came from and what the system says, where nothing listens", async () => {
  const address = `http://127.0.0.1:${await findFreePort()}`;
  expect(describeFailedConnection({ address, setting: "--kube" }, await failOf(address))).toBe(
    `can't reach ${address} (from --kube): nothing listens there (ECONNREFUSED)`,
  );
});

it("F-184 tells a host name that is not known from TLS where there is none, and HTTP where there is none", async () => {
  const unknown = explainConnectionError(await failOf("http://outrigger.invalid/"));
  expect(unknown).toMatch(/host name .*\((ENOTFOUND|EAI_AGAIN)\)$/);
  const plain = createServer((socket) =>
    socket.on("error", () => undefined).end("not a server of HTTP or TLS\r\n\r\n"),
  );
  await once(plain.listen(0, "127.0.0.1"), "listening");
  try {
    const { port } = plain.address() as AddressInfo;
    expect(explainConnectionError(await failOf(`https://127.0.0.1:${port}/`))).toMatch(
      /does not speak TLS.* may want http \(E[A-Z_]+\)$/,
    );
    expect(explainConnectionError(await failOf(`http://127.0.0.1:${port}/`))).toMatch(/does not speak plain HTTP/);
  } finally {
    plain.close();
  }
});

it("reads the code through causes and through attempts at several addresses", () => {
  const refused = Object.assign(new Error("connect"), { code: "ECONNREFUSED" });
  expect(readConnectionCode(new TypeError("fetch failed", { cause: new AggregateError([refused]) }))).toBe(
    "ECONNREFUSED",
  );
  expect(readConnectionCode(new DOMException("late", "TimeoutError"))).toBe("ETIMEDOUT");
  expect(explainConnectionError(new Error("odd"))).toBe("odd");
  expect(explainConnectionError("odd")).toBe("odd");
});

it("shows no user or password of an address, whatever they are", () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[a-z0-9:._~-]{1,20}$/), (secret) => {
      const said = describeFailedConnection({ address: `https://x${secret}x@host/`, setting: "--x" }, new Error("no"));
      expect(said).toBe("can't reach https://host/ (from --x): no");
    }),
  );
});
