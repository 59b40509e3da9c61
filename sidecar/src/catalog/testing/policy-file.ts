/** For tests: a policy file in a folder of its own, gone with the test. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

/** Writes a policy; returns the file's path. */
export async function makePolicyFile(policy: unknown): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "outrigger-policy-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, "policy.yaml");
  await writeFile(file, JSON.stringify(policy));
  return file;
}
