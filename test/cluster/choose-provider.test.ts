/** Which cluster is taken, and what is said where there is none. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { makeTestFolder } from "../fixtures/temporary-folder.ts";
import { chooseProvider, createProviders } from "./choose-provider.ts";
import type { Availability, ClusterProvider, ProviderName } from "./provider.ts";

const here: Availability = { isAvailable: true };
const away: Availability = { isAvailable: false, reason: "needs a ship" };

function provider(name: ProviderName, availability: Availability, state: "up" | "down" = "down"): ClusterProvider {
  const [unused] = createProviders({});
  return {
    ...unused!,
    name,
    checkAvailable: () => Promise.resolve(availability),
    isUp: () => Promise.resolve(state === "up"),
  };
}

async function choose(providers: readonly ClusterProvider[], env: Record<string, string> = {}): Promise<string> {
  const choice = await chooseProvider(env, providers);
  return choice.ok ? choice.provider.name : choice.reasons.join("; ");
}

describe("the choice of a provider", () => {
  it("takes a given cluster before one that it would start", async () => {
    expect(await choose([provider("existing", here), provider("local", here, "up")])).toBe("existing");
  });

  it("takes the local one before K3s", async () => {
    expect(await choose([provider("existing", away), provider("local", here), provider("k3s", here)])).toBe("local");
  });

  it("takes the one that is up already, so that down ends what up has started", async () => {
    expect(await choose([provider("local", here), provider("k3s", here, "up")])).toBe("k3s");
  });

  it("takes the one that the environment names, and no other", async () => {
    const all = [provider("existing", here), provider("local", here), provider("k3s", away)];
    expect(await choose(all, { OUTRIGGER_CLUSTER_PROVIDER: "local" })).toBe("local");
    expect(await choose(all, { OUTRIGGER_CLUSTER_PROVIDER: "k3s" })).toBe("k3s      needs a ship");
  });

  it("refuses a name that no provider has", async () => {
    await expect(choose([provider("local", here)], { OUTRIGGER_CLUSTER_PROVIDER: "kind" })).rejects.toThrow(
      'there is no provider "kind"; there are: local',
    );
  });

  it("says of every provider why it can't be used", async () => {
    expect(await choose([provider("existing", away), provider("local", away)])).toBe(
      "existing needs a ship; local    needs a ship",
    );
  });
});

describe("a given cluster", () => {
  const checkExisting = async (env: Record<string, string>): Promise<Availability> => {
    return createProviders(env)[0]!.checkAvailable();
  };

  it("is one whose kubeconfig is there", async () => {
    const file = join(makeTestFolder("kubeconfig"), "config");
    expect(await checkExisting({ KUBECONFIG: file })).toMatchObject({ reason: `there is no file ${file}` });
    await writeFile(file, "");
    expect(await checkExisting({ KUBECONFIG: file })).toEqual(here);
  });

  it("is not one that was started here", async () => {
    const state = makeTestFolder("state");
    const file = join(state, "admin.kubeconfig");
    await writeFile(file, "");
    const answer = await checkExisting({ OUTRIGGER_CLUSTER_STATE: state, KUBECONFIG: file });
    expect(answer).toMatchObject({ isAvailable: false });
  });

  it("gets no images, but keeps those that it needs and says what to do", async () => {
    const cache = makeTestFolder("cache");
    const tar = join(makeTestFolder("image"), "app.tar");
    await writeFile(tar, "image");
    const [existing] = createProviders({ KUBECONFIG: "config", OUTRIGGER_CACHE: cache });
    await expect(existing!.loadImages([tar])).rejects.toThrow("set OUTRIGGER_TEST_IMAGES=ready");
    expect(await readFile(join(cache, "images/app.tar"), "utf8")).toBe("image");
  });

  it("counts images as there when its owner says so", async () => {
    const [existing] = createProviders({ KUBECONFIG: "config", OUTRIGGER_TEST_IMAGES: "ready" });
    await expect(existing!.loadImages(["app.tar"])).resolves.toBeUndefined();
  });
});
