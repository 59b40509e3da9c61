import { createServer, type RequestListener } from "node:http";
import { sidecarPorts } from "@outrigger/api/ports";
import { expect, it, onTestFinished } from "vitest";
import { makePod } from "../testing/pod.ts";
import { createSidecars } from "./sidecars.ts";

/** Loopback addresses of our own, since all sidecars have one control port. */
const net = `127.${110 + (process.pid % 10)}.${Math.floor(process.pid / 10) % 250}`;
let lastHost = 0;

/** A pod whose control port answers so. */
async function serve(handler: RequestListener) {
  const address = `${net}.${++lastHost}`;
  const server = createServer(handler);
  await new Promise<void>((resolve, reject) =>
    server.once("error", reject).listen(sidecarPorts.control, address, resolve),
  );
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return makePod("a", { addresses: [address] });
}

const sidecars = createSidecars();
const { signal } = new AbortController();

it.each<[string, RequestListener]>([
  ["no JSON", (_, res) => res.end("<html>")],
  ["something else", (_, res) => res.end('{"inFlight":-1}')],
  ["too much", (_, res) => res.end(JSON.stringify({ inFlight: 0, idleMs: 1, more: "x".repeat(2_000) }))],
  ["another status", (_, res) => res.writeHead(404).end()],
  ["a redirect", (_, res) => res.writeHead(302, { location: "http://127.0.0.1/" }).end()],
  ["nothing", (req) => req.socket.destroy()],
])("takes %s for no activity, with a sentence", async (_name, handler) => {
  const answer = await sidecars.readActivity(await serve(handler), signal);
  expect(answer).toEqual({ ok: false, problem: expect.stringMatching(/^the sidecar/) as string });
});

it("knows nothing of a pod without an address", async () => {
  expect(await sidecars.readActivity(makePod("a", { addresses: [] }), signal)).toMatchObject({ ok: false });
});

const state = {
  format: 1,
  server: "search",
  health: { state: "Ready", reason: "Serving", message: "", sinceMs: 0 },
  identity: {},
  catalogue: { reason: "CatalogueListed", message: "", atMs: 0 },
  policy: { hash: "", enforces: { limits: [], maxRequestBytes: 1, maxResponseBytes: 1 } },
};
const digest = "b".repeat(64);
const catalogue = { digest, tools: [], prompts: [], resources: [], resourceTemplates: [], limited: false };

it("reads the first state of a feed that goes on, however it is cut, and the catalogue that it names", async () => {
  const event = Buffer.from(`: hello\n\nevent: state\ndata: ${JSON.stringify({ ...state, digest })}\n\n`);
  let isOpen = false;
  const pod = await serve((req, res) => {
    if (req.url !== "/v1/feed") {
      res.end(req.url === `/v1/catalogues/${digest}` ? JSON.stringify(catalogue) : "{}");
      return;
    }
    isOpen = true;
    res.on("close", () => (isOpen = false));
    res.writeHead(200, { "content-type": "text/event-stream" });
    res.write(event.subarray(0, 25), () => res.write(event.subarray(25)));
  });
  expect(await sidecars.readContent(pod, signal)).toMatchObject({ ok: true, value: { catalogue, state: { digest } } });
  await expect.poll(() => isOpen).toBe(false);
});

it("says so where the server was not listed yet", async () => {
  const pod = await serve((_, res) => res.end(`event: state\ndata: ${JSON.stringify(state)}\n\n`));
  expect(await sidecars.readContent(pod, signal)).toEqual({
    ok: false,
    problem: "pod a: the server was not listed yet",
  });
});
