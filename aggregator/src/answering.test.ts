import { fastify } from "fastify";
import { expect, it, onTestFinished, vi } from "vitest";
import { watchAnswering } from "./answering.ts";

it("counts requests until they are answered whole, and no stream that has begun", async () => {
  const app = fastify({ forceCloseConnections: true });
  onTestFinished(() => app.close());
  const answering = watchAnswering(app);
  const { promise: released, resolve: release } = Promise.withResolvers<string>();
  app.get("/late", () => released);
  app.get("/stream", (_request, reply) => {
    reply.hijack();
    reply.raw.writeHead(200).flushHeaders();
  });
  const base = await app.listen({ host: "127.0.0.1", port: 0 });
  const late = fetch(`${base}/late`);
  await vi.waitFor(() => expect(answering()).toBe(1));
  await fetch(`${base}/stream`);
  expect(answering()).toBe(1);
  release("done");
  expect(await (await late).text()).toBe("done");
  await vi.waitFor(() => expect(answering()).toBe(0));
});
