/** Reading the API server's audit log: what counts as having read a Secret that is not ours. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { makeTestFolder } from "../fixtures/temporary-folder.ts";
import { findForeignReads, listSecretRequests } from "./secret-audit.ts";

const operator = "system:serviceaccount:outrigger-system:outrigger-operator";
const ofServer = { namespace: "tools", name: "search-api" };
const decision = (word: string) => ({ "authorization.k8s.io/decision": word });

async function read(
  ...events: readonly { username: string; verb: string; objectRef?: object; decision?: string }[]
): Promise<ReturnType<typeof findForeignReads>> {
  const file = join(makeTestFolder("audit"), "audit.log");
  const lines = events.map(({ username, verb, objectRef, decision: word = "allow" }) =>
    JSON.stringify({ verb, user: { username }, objectRef, annotations: decision(word) }),
  );
  await writeFile(file, `${lines.join("\n")}\n`);
  return findForeignReads(await listSecretRequests(file));
}

describe("the audit log", () => {
  it.each(["get", "list", "watch", "patch", "update"])(
    "tells of a program that may %s a server's Secret",
    async (verb) => {
      expect(await read({ username: operator, verb, objectRef: ofServer })).toMatchObject([{ user: operator, verb }]);
    },
  );

  it("tells of one that reads all Secrets of a namespace, its own among them, or another's of its namespace", async () => {
    const own = { namespace: "outrigger-system" };
    for (const objectRef of [{}, { namespace: "tools" }, own, { ...own, name: "webhook-tls" }])
      expect(await read({ username: operator, verb: "list", objectRef }), JSON.stringify(objectRef)).toHaveLength(1);
  });

  it("tells of a server's pod that uses its own ServiceAccount", async () => {
    const username = "system:serviceaccount:tools:default";
    expect(await read({ username, verb: "get", objectRef: ofServer })).toHaveLength(1);
  });

  it("has nothing to say of the release's own, of what was refused or only made, of nodes, helm and Kubernetes itself", async () => {
    const own = { namespace: "outrigger-system", name: "outrigger-webhook-ca" };
    const harmless = [
      { username: operator, verb: "watch", objectRef: own },
      { username: operator, verb: "get", objectRef: { ...own, name: "outrigger-trust" } },
      { username: operator, verb: "create", objectRef: own },
      { username: operator, verb: "get", objectRef: ofServer, decision: "forbid" },
      { username: "system:node:node1", verb: "get", objectRef: ofServer },
      { username: "admin", verb: "list", objectRef: own },
      { username: "system:serviceaccount:kube-system:controller", verb: "list", objectRef: {} },
    ];
    expect(await read(...harmless)).toEqual([]);
  });
});
