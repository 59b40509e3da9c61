/** The hook before a server's end, asked of a whole sidecar. */
import { stopHooksVariable } from "@outrigger/api/app-probe";
import { expect, it } from "vitest";
import { startLiveSidecar } from "./bundle/testing/live-sidecar.ts";
import { until } from "./stdio/testing/fixture.ts";

const hookPath = "/app-lifecycle/app/prestop";
const env = { [stopHooksVariable]: JSON.stringify({ [hookPath]: 30 }) };

it("a call that waits for its server to be started again does not keep the server from it", async () => {
  const live = await startLiveSidecar(env);
  live.server.end();
  const waiting = live.send("tools/call", { name: "read_file" });
  await until("the call waits", async () => (await live.admin("/metrics")).text.includes("_waiting_calls 1"));
  // A sidecar that waited for the call would answer when the call has been given up.
  expect((await live.admin(hookPath)).status).toBe(200);
  await live.server.begin();
  expect(await waiting).toMatchObject({ status: 200, body: { result: { content: [{ text: "done" }] } } });
});

it("says how many calls were left, and serves on", async () => {
  const live = await startLiveSidecar(env);
  expect((await live.send("tools/call", { name: "read_file" })).status).toBe(200);
  expect((await live.admin(hookPath)).status).toBe(200);
  expect(live.logged).toContainEqual(expect.objectContaining({ msg: "the server may be told to stop", callsLeft: 0 }));
  expect((await live.send("tools/call", { name: "read_file" })).status).toBe(200);
});
