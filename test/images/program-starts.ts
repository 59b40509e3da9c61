/** What each program is given to start with in a test: free ports on loopback, and whatever else it does not become ready without. */
import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { resources } from "@outrigger/kube";
import { onTestFinished } from "vitest";
import { startFixture } from "../conformance/servers.ts";
import { startFakeKube } from "../fixtures/fake-kube/server.ts";
import { createPrograms } from "../fixtures/programs.ts";
import { makeTestFolder } from "../fixtures/temporary-folder.ts";

/** A program with an image of its own that runs on Node. */
export type ProgramName = "sidecar" | "aggregator" | "webhook" | "operator";

/** Arguments, and folders of this machine by their path in the container. */
export interface ProgramStart {
  readonly args: readonly string[];
  readonly folders: Readonly<Record<string, string>>;
}

const anywhere = "127.0.0.1:0";
const admin = ["--admin", anywhere];

const starts: Readonly<Record<ProgramName, () => Promise<ProgramStart>>> = {
  sidecar: async () => {
    const programs = createPrograms();
    onTestFinished(() => programs.endAll());
    const upstream = await startFixture(programs);
    return { args: [...admin, "--listen", anywhere, "--control", anywhere, "--upstream", upstream], folders: {} };
  },
  aggregator: async () => {
    const folder = await makeReadableFolder("servers.json", JSON.stringify({ mcpServers: {} }));
    const servers = ["--servers", "/etc/outrigger/servers.json"];
    return { args: [...admin, "--listen", anywhere, ...servers], folders: { "/etc/outrigger": folder } };
  },
  webhook: () => {
    const certificates = ["--certificates", "self", "--shutdown-delay", "0s"];
    return Promise.resolve({ args: [...admin, "--listen", anywhere, ...certificates], folders: {} });
  },
  operator: async () => {
    const kube = await startFakeKube();
    onTestFinished(() => kube.close());
    const metadata = { namespace: "outrigger-system", name: "outrigger-policy" };
    kube.store.of(resources.configMaps).set({ metadata, data: { "policy.yaml": "defaultAction: Allow\n" } });
    return { args: [...admin, "--kube", kube.url], folders: {} };
  },
};

/** Prepares the start of a program in the running test. */
export function startingOf(program: ProgramName): Promise<ProgramStart> {
  return starts[program]();
}

/** Makes a folder with one file that any user may read; temporary folders are their owner's alone. */
async function makeReadableFolder(name: string, text: string): Promise<string> {
  const folder = makeTestFolder("image");
  await writeFile(join(folder, name), text);
  await chmod(folder, 0o755);
  return folder;
}
