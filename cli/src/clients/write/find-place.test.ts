import { expect, it } from "vitest";
import { clients } from "../table.ts";
import { findPlace, type Surroundings } from "./find-place.ts";

const at: Surroundings = { system: "linux", home: "/home/me", roaming: "/home/me/Roaming", cwd: "/project" };
const placesOf = (name: string) => clients.find((client) => client.name === name)?.places ?? [];

it("F-174 F-175 F-176 finds the first file that a client has on this system", () => {
  expect(findPlace(placesOf("cursor"), undefined, at)).toBe("/home/me/.cursor/mcp.json");
  expect(findPlace(placesOf("vscode"), undefined, at)).toBe("/project/.vscode/mcp.json");
  expect(findPlace(placesOf("claude-desktop"), undefined, { ...at, system: "macos" })).toBe(
    "/home/me/Library/Application Support/Claude/claude_desktop_config.json",
  );
  expect(findPlace(placesOf("claude-desktop"), undefined, { ...at, system: "windows" })).toContain(
    "/home/me/Roaming\\Claude",
  );
});

it("takes the file that is named, and knows none of a client that it does not know", () => {
  expect(findPlace(placesOf("cursor"), "mcp.json", at)).toBe("/project/mcp.json");
  expect(findPlace(placesOf("cursor"), "~/x.json", at)).toBe("/home/me/x.json");
  expect(findPlace(placesOf("cursor"), "/etc/x.json", at)).toBe("/etc/x.json");
  expect(findPlace(placesOf("generic"), undefined, at)).toBeUndefined();
});
