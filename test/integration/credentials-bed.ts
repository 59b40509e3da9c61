/**
 * A bed for credentials towards a server elsewhere: the real sidecar's program in front of a server that lets in who shows the right
 * thing. Everything that anybody could read is kept, so that secrets can be looked for in it.
 */
import { mkdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { nameAudience } from "@outrigger/api/caller";
import { feedPaths } from "@outrigger/api/feed";
import { generateKeyPair, signCompact, type Jwks } from "@outrigger/runtime/jws";
import { expect, onTestFinished } from "vitest";
import { startProgram } from "../fixtures/program.ts";
import { makeTestFolder } from "../fixtures/temporary-folder.ts";
import { waitFor } from "../fixtures/wait-for.ts";

const program = fileURLToPath(new URL("../../sidecar/src/main.ts", import.meta.url));

/** A reply to a call: the text of its tool, or the reason of its refusal with the time to wait. */
export interface Reply {
  readonly status: number;
  readonly text: string | undefined;
  readonly reason: string | undefined;
  readonly code: number | undefined;
  readonly retryAfterMs: number | undefined;
  readonly headers: Headers;
}

/** A running sidecar of the bed. */
export interface Bed {
  readonly call: (headers?: Readonly<Record<string, string>>) => Promise<Reply>;
  /** The feed's word about the server, such as `Ready Serving`. */
  readonly health: () => Promise<string>;
  readonly metrics: () => Promise<string>;
  readonly readyz: () => Promise<string>;
  /** Lines of the log so far. */
  readonly log: () => string;
  /** Stops it, and fails where any of these texts stands in anything that it let out. */
  readonly expectNowhere: (secrets: readonly string[]) => Promise<void>;
}

/** Starts the program with these flags, behind ports of its own. */
export async function startBed(flags: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Bed> {
  const out: string[] = [];
  const { promise, resolve } = Promise.withResolvers<Readonly<Record<string, number>>>();
  const ports = ["--listen", "0", "--control", "0", "--admin", "0", "--drain-seconds", "0"];
  const args = ["--conditions=outrigger-source", program, "--server", "orders", ...ports, "--log-level", "debug"];
  const sidecar = startProgram([process.execPath, ...args, "--health-interval", "200ms", ...flags], {
    env: { ...process.env, ...env },
    onLine: (line) => {
      out.push(line);
      const fields = JSON.parse(line) as { readonly msg?: string } & Readonly<Record<string, number>>;
      if (fields.msg === "listening") resolve(fields);
    },
  });
  onTestFinished(() => sidecar.stop().then(() => undefined));
  const { dataPort, controlPort, adminPort } = await sidecar.whenReady(promise);
  const get = async (url: string): Promise<string> => {
    const text = await (await fetch(url)).text();
    out.push(text);
    return text;
  };
  const readyz = (): Promise<string> => get(`http://127.0.0.1:${adminPort}/readyz?verbose`);
  const metrics = (): Promise<string> => get(`http://127.0.0.1:${adminPort}/metrics`);
  return {
    call: async (headers = {}) => {
      const response = await fetch(`http://127.0.0.1:${dataPort}/mcp`, {
        method: "POST",
        headers: { "content-type": "application/json", accept: "application/json, text/event-stream", ...headers },
        body: JSON.stringify({
          jsonrpc: "2.0",
          id: 1,
          method: "tools/call",
          params: { name: "whoami", arguments: {} },
        }),
      });
      const text = await response.text();
      out.push(text, JSON.stringify([...response.headers]));
      return readReply(response, text);
    },
    health: async () =>
      /"upstream","ok":\w+,"message":"(\w+), (\w+)/
        .exec(await readyz())
        ?.slice(1)
        .join(" ") ?? "",
    readyz,
    metrics,
    log: () => out.join("\n"),
    expectNowhere: async (secrets) => {
      out.push(await readStart(`http://127.0.0.1:${controlPort}${feedPaths.feed}`));
      await readyz();
      await metrics();
      await sidecar.stop();
      const all = [...out, sidecar.stderr()].join("\n");
      expect(all).toContain("listening");
      for (const secret of secrets) {
        expect(secret.length).toBeGreaterThan(8);
        for (const form of [secret, Buffer.from(secret).toString("base64"), encodeURIComponent(secret)])
          expect(all.includes(form), `${form} stands in what the sidecar let out`).toBe(false);
      }
    },
  };
}

function readReply(response: Response, text: string): Reply {
  const { status, headers } = response;
  // Every answer to a call is one JSON-RPC message.
  const { result, error } = JSON.parse(text) as {
    readonly result?: { readonly content?: readonly { readonly text?: string }[] };
    readonly error?: {
      readonly code: number;
      readonly data?: { readonly outrigger?: { readonly reason?: string; readonly retryAfterMs?: number } };
    };
  };
  const detail = error?.data?.outrigger;
  return {
    ...{ status, headers, text: result?.content?.[0]?.text, reason: detail?.reason },
    ...{ code: error?.code, retryAfterMs: detail?.retryAfterMs },
  };
}

/** The first piece of a stream without end. */
async function readStart(url: string): Promise<string> {
  const leaving = new AbortController();
  const { body } = await fetch(url, { signal: leaving.signal });
  const first = await body?.getReader().read();
  leaving.abort();
  return Buffer.from(first?.value ?? []).toString("utf8");
}

/** A Secret as the kubelet mounts it: files behind a link that is swapped for all of them at once. */
export interface MountedSecret {
  readonly folder: string;
  readonly write: (files: Readonly<Record<string, string>>) => Promise<void>;
}

/** Makes one. */
export async function mountSecret(files: Readonly<Record<string, string>>): Promise<MountedSecret> {
  const folder = makeTestFolder("secret");
  let version = 0;
  const write = async (next: Readonly<Record<string, string>>): Promise<void> => {
    const state = `..state-${version++}`;
    await mkdir(join(folder, state));
    for (const [name, text] of Object.entries(next)) await writeFile(join(folder, state, name), text);
    await symlink(state, join(folder, "..next"));
    await rename(join(folder, "..next"), join(folder, "..data"));
    for (const name of Object.keys(next)) {
      await rm(join(folder, name), { force: true });
      await symlink(join("..data", name), join(folder, name));
    }
  };
  await write(files);
  return { folder, write };
}

/** Who vouches for callers: a key file for the sidecar, and assertions. */
export interface Voucher {
  readonly keys: Jwks;
  /** What the assertions are meant for. */
  readonly audience: string;
  readonly flags: readonly string[];
  readonly headerFor: (sub: string, more?: object) => Promise<Readonly<Record<string, string>>>;
}

/** Makes one for the server team/orders. */
export async function createVoucher(): Promise<Voucher> {
  const { privateJwk, publicJwk } = await generateKeyPair();
  const keys: Jwks = { keys: [publicJwk] };
  const file = join(makeTestFolder("keys"), "keys.json");
  await writeFile(file, JSON.stringify(keys));
  const audience = nameAudience({ namespace: "team", server: "orders" });
  return {
    keys,
    audience,
    flags: ["--namespace", "team", "--assertion-keys", file],
    headerFor: async (sub, more = {}) => {
      const seconds = Math.floor(Date.now() / 1_000);
      const about = {
        aud: audience,
        iss: "outrigger",
        sub,
        kind: "User",
        iat: seconds,
        exp: seconds + 60,
      };
      return {
        "outrigger-caller": await signCompact(JSON.stringify({ ...about, ...more }), privateJwk, "outrigger-caller"),
      };
    },
  };
}

/** Waits until the server is so, as the feed says it. */
export const untilHealth = (bed: Bed, state: RegExp): Promise<unknown> =>
  waitFor(`health like ${String(state)}`, async () => state.test(await bed.health()));
