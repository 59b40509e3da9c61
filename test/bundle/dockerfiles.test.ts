/** Dockerfiles, as far as their text can be right or wrong. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { programs } from "./bundle.ts";

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");
const files = [...programs, "shim"].map((program) => ({ program, text: read(`${program}/Dockerfile`) }));
const { version } = JSON.parse(read("package.json")) as { version: string };

/** The instructions of the last stage. */
const lastStage = (text: string): string => text.slice(text.lastIndexOf("\nFROM "));

describe("the Dockerfile", () => {
  it.each(files)("of the $program ends in a stage that runs nothing, as a user without rights", ({ text }) => {
    const stage = lastStage(text);
    expect(stage).toMatch(/^\nFROM \$\{BASE_IMAGE\}\n/);
    expect(stage).not.toMatch(/^(RUN|ADD|SHELL|CMD|HEALTHCHECK)\b/m);
    expect(stage).toMatch(/^USER 65532:65532$/m);
    expect(stage).toMatch(/^ENTRYPOINT \["\//m);
  });

  it.each(files)("of the $program takes its bases by argument", ({ text }) => {
    const bases = [...text.matchAll(/^FROM (\S+)/gm)].map(([, base]) => base);
    for (const base of bases) expect(base).toMatch(/^\$\{(NODE|BUILD|BASE)_IMAGE\}$/);
  });

  it.each(files)("of the $program tells what the image is", ({ program, text }) => {
    expect(text).toContain(`org.opencontainers.image.title="outrigger-${program}"`);
    for (const label of ["description", "version", "licenses"])
      expect(text).toContain(`org.opencontainers.image.${label}=`);
    expect([...text.matchAll(/^ARG VERSION=(.*)$/gm)].map(([, given]) => given)).toContain(version);
  });

  it("is the same for all programs, but for the last stage", () => {
    const stages = files
      .filter(({ program }) => program !== "shim")
      .map(({ text }) => text.slice(text.indexOf("ARG NODE_IMAGE"), text.lastIndexOf("\nFROM ")));
    expect(new Set(stages).size).toBe(1);
  });

  it("gets neither tests nor what others installed or built", () => {
    const rules = read(".dockerignore").split("\n");
    expect(rules).toEqual(expect.arrayContaining(["*", "**/node_modules", "**/dist", "**/*.test.ts"]));
    const { workspaces } = JSON.parse(read("package.json")) as { workspaces: string[] };
    // npm needs every workspace that the lock file names.
    for (const workspace of workspaces) expect(rules).toContain(`!${workspace.split("/")[0]}`);
  });
});
