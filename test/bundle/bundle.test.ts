/** Bundles as images hold them: one file that runs by itself, and how large it is. */
import { execFile } from "node:child_process";
import { copyFile, cp, readdir, rename, stat, writeFile } from "node:fs/promises";
import { dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { exportJWK, exportPKCS8, generateKeyPair } from "jose";
import { describe, expect, it, onTestFinished } from "vitest";
import { startAuthorizationServer } from "../fixtures/oauth/authorization-server.ts";
import { startGuardedServer, type GuardedServer } from "../fixtures/oauth/guarded-server.ts";
import { startProgram } from "../fixtures/program.ts";
import { makeTestFolder, nameFileFolder } from "../fixtures/temporary-folder.ts";
import { waitFor } from "../fixtures/wait-for.ts";
import { bundleProgram, programs, type Program } from "./bundle.ts";
import { fillCompileCache, measureFolder } from "./compile-cache.ts";
import { startOnce } from "./start-once.ts";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../..", import.meta.url));
const folder = nameFileFolder("bundle");

/** Bundles that were asked for, each made once. */
const made = new Map<Program, Promise<string>>();

function bundle(program: Program): Promise<string> {
  const file = made.get(program) ?? bundleProgram(program, root, folder);
  made.set(program, file);
  return file;
}

/** Bytes of the file that a program's image has beside Node. */
async function measure(program: Program): Promise<number> {
  return (await stat(await bundle(program))).size;
}

/** Programs that images start; the command has no cache. */
const cached = programs.filter((program) => program !== "cli");

/** Starts a bundle with its cache, lets Node tell what it did with it, and gives what it said of its use. */
async function traceCache(file: string, folderOfCache: string): Promise<string> {
  const env = {
    NODE_COMPILE_CACHE: folderOfCache,
    NODE_COMPILE_CACHE_PORTABLE: "1",
    NODE_DEBUG_NATIVE: "COMPILE_CACHE",
    // Flags of the heap, such as the webhook gives the sidecar.
    NODE_OPTIONS: "--max-semi-space-size=2 --max-old-space-size=64",
  };
  const { stderr } = await run(process.execPath, [file, "--help"], { cwd: folder, env });
  return stderr;
}

describe("the bundle", () => {
  it.each(programs)("of the %s runs without anything beside it, and has nothing to complain of", async (program) => {
    const file = await bundle(program);
    const alone = join(folder, `${program}${extname(file)}`);
    await copyFile(file, alone);
    const { stdout, stderr } = await run(process.execPath, [alone, "--help"], { cwd: folder, env: {} });
    expect(stdout).toContain(program === "cli" ? "outrigger check" : "OUTRIGGER_LOG_LEVEL");
    expect(stderr).toBe("");
  });

  it("of the sidecar is at most 3 MB with what Node compiled of it, since every pod has it", async () => {
    const cache = await fillCompileCache("sidecar", await bundle("sidecar"));
    const bytes = (await measure("sidecar")) + (await measureFolder(cache ?? ""));
    expect(bytes).toBeLessThanOrEqual(3_000_000);
  });

  it.each(cached)(
    "of the %s is taken from its cache by the user of the images, wherever both stand",
    async (program) => {
      const cache = await fillCompileCache(program, await bundle(program));
      const elsewhere = makeTestFolder("bundle");
      await cp(dirname(await bundle(program)), elsewhere, { recursive: true });
      const [own = ""] = await readdir(cache ?? "");
      expect(own).toMatch(/^v\d+\.\d+\.\d+-.*-65532$/);
      // Whoever runs this test is another user than that of the images.
      const mine = own.replace(/-65532$/, `-${process.getuid?.() ?? 0}`);
      await rename(join(elsewhere, "cache", own), join(elsewhere, "cache", mine));
      const told = await traceCache(join(elsewhere, "main.cjs"), join(elsewhere, "cache"));
      expect(told).toContain("was accepted");
    },
  );

  it("of the sidecar starts where there is no cache for it, and none can be written", async () => {
    const isFile = await bundle("sidecar");
    const told = await traceCache(isFile, join(isFile, "cache"));
    expect(told).not.toContain("was accepted");
  });

  it("of the sidecar loads of Node and of packages nothing that a start can do without", async () => {
    const list = join(makeTestFolder("bundle"), "list.cjs");
    await writeFile(list, "process.on('exit', () => console.error(JSON.stringify(process.moduleLoadList)));");
    const args = ["--require", list, await bundle("sidecar"), "--help"];
    const { stderr } = await run(process.execPath, args, { cwd: folder, env: {} });
    for (const left of ["internal/deps/undici/undici", "http2", "https", "zlib"])
      expect(stderr).not.toContain(`"NativeModule ${left}"`);
  });

  it("of the sidecar has in it what only some policies and settings call for", async () => {
    const policy = join(makeTestFolder("bundle"), "policy.yaml");
    const rule = "{ name: a, action: Deny, tools: [b], when: 'args.c == 1.0' }";
    await writeFile(policy, `rules:\n  - ${rule}\narguments: { schema: Enforce }\n`);
    const nobody = "127.0.0.1:9";
    const addresses = ["--listen", "--control", "--admin"].flatMap((flag) => [flag, "127.0.0.1:0"]);
    const settings = ["--upstream", `http://${nobody}/mcp`, "--policy", policy, "--shared-store", `redis://${nobody}`];
    const args = [await bundle("sidecar"), ...addresses, ...settings, "--drain-seconds", "0"];
    await startOnce(process.execPath, args, { OTEL_EXPORTER_OTLP_ENDPOINT: `http://${nobody}` });
  });

  it("of the sidecar has in it what credentials call for, keys that sign among it", async () => {
    const { publicKey, privateKey } = await generateKeyPair("ES256", { extractable: true });
    const clients = { relay: { publicKey: { ...(await exportJWK(publicKey)), alg: "ES256" } } };
    const issuer = await startAuthorizationServer({ clients });
    onTestFinished(() => issuer.close());
    const server: GuardedServer = await startGuardedServer({
      letIn: async ({ authorization = "" }) => {
        const claims = await issuer.verify(authorization.replace("Bearer ", ""), server.url);
        return claims === undefined ? undefined : "the relay";
      },
    });
    onTestFinished(() => server.close());
    const place = makeTestFolder("bundle");
    const own = {
      kind: "ClientCredentials",
      issuer: issuer.issuer,
      clientId: "relay",
      privateKey: { file: "key.pem" },
    };
    await writeFile(join(place, "auth.json"), JSON.stringify(own));
    await writeFile(join(place, "key.pem"), await exportPKCS8(privateKey));
    const addresses = ["--listen", "--control", "--admin"].flatMap((flag) => [flag, "127.0.0.1:0"]);
    const args = ["--upstream", server.url, "--upstream-auth", join(place, "auth.json"), "--drain-seconds", "0"];
    const program = startProgram([process.execPath, await bundle("sidecar"), ...addresses, ...args], {
      onLine: () => undefined,
    });
    onTestFinished(() => program.stop().then(() => undefined));
    await program.whenReady(waitFor("a request with a token", () => server.seen() > 0));
    expect(issuer.asked.map(({ client, method }) => [client, method])).toEqual([["relay", "private_key_jwt"]]);
    expect(server.refusals()).toBe(0);
  });

  it("of the cli knows its version without a package.json beside it", async () => {
    const { stdout } = await run(process.execPath, [await bundle("cli"), "--version"], { cwd: folder, env: {} });
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it.each(["webhook", "operator", "aggregator", "cli"] as const)(
    "of the %s has no models of the Kubernetes client in it",
    async (program) => {
      const bytes = await measure(program);
      expect(bytes).toBeLessThanOrEqual(10_000_000);
    },
  );
});
