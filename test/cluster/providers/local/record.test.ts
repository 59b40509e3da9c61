/** What is remembered for `down`, and whose folder is never taken for ours: `down` deletes the state folder. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { makeTestFolder } from "../../../fixtures/temporary-folder.ts";
import { readRecord, writeRecord, type HostRecord } from "./record.ts";
import { readLocalSettings, type LocalSettings } from "./settings.ts";

const record: HostRecord = {
  startedAtMs: 1,
  binaries: "/binaries",
  sysctls: { "kernel/panic": "0" },
  madeFolders: ["/var/lib/kubelet"],
};

const inFolder = (folder: string): LocalSettings => readLocalSettings({ OUTRIGGER_CLUSTER_STATE: folder });

describe("the record of the machine", () => {
  it("is read by another process as it was written", async () => {
    const folder = join(makeTestFolder("state"), "new");
    await writeRecord(inFolder(folder), record);
    expect(await readRecord(inFolder(folder))).toEqual(record);
  });

  it("is not put into a folder that holds somebody else's files", async () => {
    const folder = makeTestFolder("state");
    await writeFile(join(folder, "thesis.txt"), "");
    await expect(writeRecord(inFolder(folder), record)).rejects.toThrow("holds files that are not a cluster's");
    expect(await readRecord(inFolder(folder))).toBeUndefined();
  });
});
