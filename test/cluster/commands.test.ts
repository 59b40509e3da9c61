/** What the command line takes, says and returns. */
import { describe, expect, it } from "vitest";
import { createProviders } from "./choose-provider.ts";
import { runCommand } from "./commands.ts";
import { createProgress } from "./progress.ts";
import type { ClusterProvider } from "./provider.ts";

interface Outcome {
  readonly code: number;
  readonly printed: string;
  readonly errors: string;
  readonly progress: string;
}

async function type(line: string, provider?: Partial<ClusterProvider>): Promise<Outcome> {
  const out = { printed: "", errors: "", progress: "" };
  const [base] = createProviders({ KUBECONFIG: "/given/config" });
  const code = await runCommand(line.split(" "), {
    choose: () =>
      Promise.resolve(provider ? { ok: true, provider: { ...base!, ...provider } } : { ok: false, reasons: ["why"] }),
    progress: createProgress({ write: (text) => (out.progress += text), isTerminal: false }),
    print: (text) => (out.printed += text),
    printError: (text) => (out.errors += text),
  });
  return { code, ...out };
}

describe("npm run cluster", () => {
  it.each(["", "fly", "up now", "import", "node", "toString"])("shows its use for %j and returns 2", async (line) => {
    const { code, errors } = await type(line);
    expect(errors).toContain("npm run cluster -- VERB");
    expect(code).toBe(2);
  });

  it("returns 1 with the reasons where no cluster can be used", async () => {
    expect(await type("up")).toMatchObject({ code: 1, errors: "no cluster can be used here:\n  why" });
  });

  it("says that a cluster is running already instead of starting it again", async () => {
    const { code, printed, progress } = await type("up", { name: "local", isUp: () => Promise.resolve(true) });
    expect(progress).toBe("  local: running already\n");
    expect(printed).toBe("export KUBECONFIG=/given/config");
    expect(code).toBe(0);
  });

  it("gives no path of a kubeconfig while no cluster is up", async () => {
    const { code, printed } = await type("kubeconfig", { isUp: () => Promise.resolve(false) });
    expect(printed).toBe("");
    expect(code).toBe(1);
  });

  it("returns the exit code of a command on the node", async () => {
    expect(await type("node false", { runOnNode: () => Promise.resolve(3) })).toMatchObject({ code: 3 });
  });

  it("refuses an archive that is not there before it asks the cluster", async () => {
    expect(await type("import /nowhere.tar", {})).toMatchObject({ code: 1, errors: "no such file: /nowhere.tar" });
  });

  it("shows versions, what enforces NetworkPolicy and memory", async () => {
    const { printed } = await type("status", {
      name: "local",
      readStatus: () =>
        Promise.resolve({
          state: "up for 3 min",
          versions: new Map([["Kubernetes", "v1.34.4"]]),
          memory: { pssBytes: 514_000_000, processes: 12 },
          processes: [{ name: "etcd", pid: 42, cpuSeconds: 1.25, pssBytes: 45_000_000 }],
        }),
    });
    expect(printed.split("\n")).toEqual([
      "cluster         local, up for 3 min",
      "kubeconfig      /given/config",
      "versions        Kubernetes v1.34.4",
      "network policy  enforced by: unknown",
      "memory          514 MB (PSS) in 12 processes, with those of pods",
      "",
      "process                   pid    CPU s   PSS MB",
      "etcd                       42      1.3       45",
    ]);
  });
});

describe("progress", () => {
  const show = async (target: "terminal" | "file", work: () => Promise<void>): Promise<string> => {
    let text = "";
    const progress = createProgress({ write: (part) => (text += part), isTerminal: target === "terminal" });
    await progress.step("a step", work).catch(() => undefined);
    return text;
  };

  it("shows a step with its time on one line, without colour where there is no terminal", async () => {
    expect(await show("file", () => Promise.resolve())).toMatch(/^ {2}ok {6}a step {38} {4}0\.0\d s\n$/);
  });

  it("shows a step that failed", async () => {
    expect(await show("file", () => Promise.reject(new Error("no")))).toMatch(/^ {2}FAILED {2}a step/);
  });

  it("colours the outcome on a terminal", async () => {
    expect(await show("terminal", () => Promise.resolve())).toContain("\u001b[32mok    \u001b[0m");
  });
});
