import { expect, it } from "vitest";
import { readColorChoice } from "./color.ts";

it("takes --color out wherever it stands, the last one counting", () => {
  expect(readColorChoice(["search", "--color=never", "x"])).toEqual({ color: "never", rest: ["search", "x"] });
  expect(readColorChoice(["--color=never", "up", "--color=always"])).toEqual({ color: "always", rest: ["up"] });
  expect(readColorChoice(["up"])).toEqual({ color: "auto", rest: ["up"] });
});

it("leaves what belongs to another program alone", () => {
  const argv = ["sidecar", "--", "server", "--color=never"];
  expect(readColorChoice(argv)).toEqual({ color: "auto", rest: argv });
});

it("keeps a value that it does not know, so that it is refused", () => {
  expect(readColorChoice(["up", "--color=red"]).rest).toEqual(["up", "--color=red"]);
});
