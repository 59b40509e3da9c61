/** The command line of `npm run images`. */
import { describe, expect, it } from "vitest";
import { readOptions, type ImagesOptions } from "./options.ts";

const read = (...argv: string[]) => readOptions(argv, "dist/images");
const none: ImagesOptions = { maker: "whatever answers", folder: "dist/images", buildFlags: [] };

describe("the command line of npm run images", () => {
  it.each<[string[], Partial<ImagesOptions>]>([
    [[], {}],
    [["--docker"], { maker: "docker" }],
    [["--no-docker"], { maker: "without" }],
    [["--out", "elsewhere"], { folder: "elsewhere" }],
    [["--load", "kind"], { load: { kind: "kind" } }],
    [["--load", "kind:my-cluster"], { load: { kind: "kind", name: "my-cluster" } }],
    [["--load", "minikube:p.1"], { load: { kind: "minikube", name: "p.1" } }],
    [["--load", "docker"], { load: { kind: "docker" } }],
    [["--load", "containerd"], { load: { kind: "containerd" } }],
    [["--build-arg", "A=1", "--build-arg", "B=2"], { buildFlags: ["--build-arg", "A=1", "--build-arg", "B=2"] }],
    [["--docker", "--network", "host"], { maker: "docker", buildFlags: ["--network", "host"] }],
  ])("reads %j", (argv, wanted) => {
    expect(read(...argv)).toEqual({ action: "make", options: { ...none, ...wanted } });
  });

  it("asks for help", () => {
    expect(read("--help")).toEqual({ action: "help" });
  });

  it.each<[string[], string]>([
    [["--load", "k3d"], '--load "k3d": expected kind[:CLUSTER], minikube[:PROFILE], docker or containerd'],
    [["--load", "docker:x"], '--load "docker:x": expected'],
    [["--load", "kind:"], '--load "kind:": expected'],
    [["--load", "kind:a b"], '--load "kind:a b": expected'],
    [["--no-docker", "--network", "host"], "--build-arg and --network are for Docker: leave out --no-docker"],
    [["--registry", "x"], "--registry"],
    [["sidecar"], "sidecar"],
  ])("refuses %j", (argv, message) => {
    expect(read(...argv)).toMatchObject({ action: "refuse", message: expect.stringContaining(message) as unknown });
  });
});
